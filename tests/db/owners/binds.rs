//! A statement as Diesel shows it: the text, and the values that travel with it.

/// What was sent. `$1` stands for the first of `binds`, on either engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub sql: String,
    /// As `Debug` shows them.
    pub binds: Vec<String>,
}

impl Sent {
    /// From what Diesel's instrumentation shows: `SELECT … -- binds: [1, "x"]`.
    pub fn parse(shown: &str) -> Self {
        let (sql, binds) = match shown.rsplit_once(" -- binds: [") {
            Some((sql, binds)) => (sql, split(binds.strip_suffix(']').expect("a list"))),
            None => (shown, Vec::new()),
        };
        let sql = numbered(sql);
        Self { sql, binds }
    }

    /// The value of a placeholder such as `$1`.
    pub fn value(&self, placeholder: &str) -> Option<&str> {
        let number: usize = placeholder.strip_prefix('$')?.parse().ok()?;
        self.binds.get(number.checked_sub(1)?).map(String::as_str)
    }
}

/// The elements of a list that `Debug` shows.
fn split(list: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut start, mut depth, mut quoted, mut escaped) = (0, 0, false, false);
    for (at, character) in list.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(list[start..at].trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = list[start..].trim();
    found.extend((!last.is_empty()).then(|| last.to_owned()));
    found
}

/// SQLite's placeholders have no numbers of their own.
fn numbered(sql: &str) -> String {
    let (mut text, mut count, mut quoted) = (String::new(), 0, false);
    for character in sql.chars() {
        quoted ^= character == '\'';
        match character {
            '?' if !quoted => {
                count += 1;
                text.push_str(&format!("${count}"));
            }
            other => text.push(other),
        }
    }
    text
}
