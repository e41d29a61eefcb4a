//! Questions to the inverted index, which holds the words of a task, those of its title, and its
//! labels. Every entry begins with its owner: see the migrations.

use super::statement::Statement;
use crate::models::{label::LabelName, search::Search};

/// A question in both engines' languages. The default one has no answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question(Option<Text>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Text {
    tsquery: String,
    fts5: String,
}

impl Question {
    /// All words, anywhere, the last as a prefix. It has no answer where there is no word.
    pub fn words(owner: i64, search: &Search) -> Self {
        Self::all(owner, ':', search.words())
    }

    /// All words in the title, the last as a prefix. It has no answer where there is no word.
    pub fn title(owner: i64, search: &Search) -> Self {
        Self::all(owner, '.', search.words())
    }

    /// Any of the labels.
    pub fn labels<'a>(owner: i64, labels: impl IntoIterator<Item = &'a LabelName>) -> Self {
        let (mut tsquery, mut fts5) = (Vec::new(), Vec::new());
        for label in labels {
            let hex: String = label.as_str().bytes().map(|b| format!("{b:02X}")).collect();
            tsquery.push(lexeme(&format!("{owner}#{}", label.as_str())));
            fts5.push(format!("\"{owner}#{hex}\""));
        }
        Self(Some(Text {
            tsquery: tsquery.join(" | "),
            fts5: fts5.join(" OR "),
        }))
    }

    fn all(owner: i64, kind: char, words: &[String]) -> Self {
        let entry = |word: &String| format!("{owner}{kind}{word}");
        let (mut tsquery, mut fts5) = (Vec::new(), Vec::new());
        for (number, word) in words.iter().enumerate() {
            let last = number + 1 == words.len();
            let (colon, star) = if last { (":*", " *") } else { ("", "") };
            tsquery.push(lexeme(&entry(word)) + colon);
            fts5.push(format!("\"{}\"{star}", entry(word)));
        }
        Self((!words.is_empty()).then(|| Text {
            tsquery: tsquery.join(" & "),
            fts5: fts5.join(" AND "),
        }))
    }

    /// Both this and `other`.
    pub fn and(self, other: Self) -> Self {
        Self(self.0.zip(other.0).map(|(a, b)| Text {
            tsquery: format!("({}) & ({})", a.tsquery, b.tsquery),
            fts5: format!("({}) AND ({})", a.fts5, b.fts5),
        }))
    }

    /// Adds a condition on a row of `tasks`.
    pub fn push<Row>(self, statement: &mut Statement<Row>, postgres: bool) {
        match (self.0, postgres) {
            (None, _) => statement.sql("1 = 0"),
            (Some(text), true) => statement
                .sql("search @@ ")
                .text(text.tsquery)
                .sql("::tsquery"),
            (Some(text), false) => statement
                .sql("id IN (SELECT rowid FROM task_search WHERE task_search MATCH ")
                .text(text.fts5)
                .sql(")"),
        };
    }

    /// Adds a condition on a row of SQLite's `task_search`.
    pub fn push_match<Row>(self, statement: &mut Statement<Row>) {
        match self.0 {
            None => statement.sql("1 = 0"),
            Some(text) => statement.sql("task_search MATCH ").text(text.fts5),
        };
    }
}

/// A lexeme in quotes, as PostgreSQL reads it in a `tsquery`.
fn lexeme(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
