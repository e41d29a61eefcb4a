//! `Content-Type` (RFC 9110 section 8.3).

use std::str::FromStr;

/// A media type and its parameters. A parameter may be empty or quoted, with blanks around its semicolon
/// (RFC 9110 section 5.6.6), which the `mime` crate does not take.
#[derive(Debug, PartialEq, Eq)]
pub struct MediaType {
    /// Type and subtype, in lower case.
    pub essence: String,
    /// Names, in lower case, with their values, unquoted.
    parameters: Vec<(String, String)>,
}

/// What is no media type.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAMediaType;

impl FromStr for MediaType {
    type Err = NotAMediaType;

    fn from_str(text: &str) -> Result<Self, NotAMediaType> {
        let mut rest = text;
        let kind = token(&mut rest)?;
        skip(&mut rest, '/')?;
        let essence = format!("{kind}/{}", token(&mut rest)?).to_ascii_lowercase();
        let mut parameters = Vec::new();
        loop {
            rest = rest.trim_start_matches(BLANKS);
            if rest.is_empty() {
                return Ok(Self {
                    essence,
                    parameters,
                });
            }
            skip(&mut rest, ';')?;
            rest = rest.trim_start_matches(BLANKS);
            if !rest.is_empty() && !rest.starts_with(';') {
                let name = token(&mut rest)?.to_ascii_lowercase();
                skip(&mut rest, '=')?;
                let value = match rest.strip_prefix('"') {
                    Some(quoted) => {
                        let (value, after) = unquote(quoted)?;
                        rest = after;
                        value
                    }
                    None => token(&mut rest)?.to_owned(),
                };
                parameters.push((name, value));
            }
        }
    }
}

impl MediaType {
    /// The values of the parameter `name`.
    pub fn parameters(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.parameters.iter().filter(move |(own, _)| own == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Whether its text is UTF-8, which it is unless a `charset` says something else.
    pub fn is_utf8(&self) -> bool {
        let is_utf8 = |name: &str| ["utf-8", "utf8"].contains(&&*name.to_ascii_lowercase());
        self.parameters("charset").all(is_utf8)
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

/// Takes a token (RFC 9110 section 5.6.2) from the start of `rest`.
fn token<'a>(rest: &mut &'a str) -> Result<&'a str, NotAMediaType> {
    let is_outside = |c: char| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(c);
    let end = rest.find(is_outside).unwrap_or(rest.len());
    let (token, after) = rest.split_at_checked(end).ok_or(NotAMediaType)?;
    *rest = after;
    Some(token)
        .filter(|token| !token.is_empty())
        .ok_or(NotAMediaType)
}

fn skip(rest: &mut &str, expected: char) -> Result<(), NotAMediaType> {
    *rest = rest.strip_prefix(expected).ok_or(NotAMediaType)?;
    Ok(())
}

/// The value of a quoted string (RFC 9110 section 5.6.4), of which the first quote is taken off, and what follows it.
fn unquote(text: &str) -> Result<(String, &str), NotAMediaType> {
    let mut characters = text.chars();
    let mut value = String::new();
    loop {
        match characters.next().ok_or(NotAMediaType)? {
            '"' => return Ok((value, characters.as_str())),
            '\\' => value.push(characters.next().ok_or(NotAMediaType)?),
            character => value.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Vec<(String, String)>)> {
        let media_type = text.parse::<MediaType>().ok()?;
        Some((media_type.essence, media_type.parameters))
    }

    #[test]
    fn parameters_may_be_quoted_empty_and_set_apart() {
        for (text, parameters) in [
            ("application/json", vec![]),
            ("Application/JSON ;", vec![]),
            ("application/json;; \t;", vec![]),
            ("application/json\t;\tA=b", vec![("a", "b")]),
            (
                r#"application/json; a="b;c=d"; e="\"f\\" ; g="""#,
                vec![("a", "b;c=d"), ("e", r#""f\"#), ("g", "")],
            ),
            ("application/json;a=1;a=2", vec![("a", "1"), ("a", "2")]),
        ] {
            let parameters = parameters.into_iter();
            let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let expected = ("application/json".to_owned(), parameters.collect());
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "application",
            "application/",
            "/json",
            "application/json/x",
            "application /json",
            "application/json, application/json",
            "application/json x",
            "application/json; charset",
            "application/json; charset=",
            "application/json; charset = utf-8",
            "application/json; a=\"b",
            "application/json; a=\"b\\\"",
            "application/json; a=b c=d",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn utf_8_has_two_names_in_any_case() {
        let is_utf8 = |parameters: &str| {
            let media_type: MediaType = format!("text/plain{parameters}").parse().unwrap();
            media_type.is_utf8()
        };
        for parameters in ["", "; q=1", ";charset=UTF8", "; Charset=\"utf-8\""] {
            assert!(is_utf8(parameters), "{parameters}");
        }
        for parameters in [
            ";charset=latin1",
            ";charset=utf-8;charset=x",
            ";charset=\"\"",
        ] {
            assert!(!is_utf8(parameters), "{parameters}");
        }
    }
}
