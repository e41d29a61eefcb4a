//! `Content-Type` (RFC 9110 section 8.3).

use std::{str::FromStr, sync::LazyLock};

use regex::Regex;

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

const TOKEN: &str = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED: &str = r#""(?:[^"\\]|\\.)*""#;

#[expect(clippy::expect_used, reason = "a constant pattern; tests compile it")]
static MEDIA_TYPE: LazyLock<Regex> = LazyLock::new(|| {
    let parameter = format!("{TOKEN}=(?:{TOKEN}|{QUOTED})");
    let pattern = format!(r"^({TOKEN}/{TOKEN})((?:[ \t]*;[ \t]*(?:{parameter})?)*)[ \t]*$");
    Regex::new(&pattern).expect("the pattern is valid")
});

#[expect(clippy::expect_used, reason = "a constant pattern; tests compile it")]
static PARAMETER: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = format!("({TOKEN})=({TOKEN}|{QUOTED})");
    Regex::new(&pattern).expect("the pattern is valid")
});

impl FromStr for MediaType {
    type Err = NotAMediaType;

    fn from_str(text: &str) -> Result<Self, NotAMediaType> {
        let found = MEDIA_TYPE.captures(text).ok_or(NotAMediaType)?;
        let (_, [essence, parameters]) = found.extract();
        let parameters = PARAMETER.captures_iter(parameters).map(|parameter| {
            let (_, [name, value]) = parameter.extract();
            (name.to_ascii_lowercase(), unquote(value))
        });
        Ok(Self {
            essence: essence.to_ascii_lowercase(),
            parameters: parameters.collect(),
        })
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

/// The value of a token or a quoted string (RFC 9110 section 5.6.4).
fn unquote(value: &str) -> String {
    let Some(quoted) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut characters = quoted.chars();
    let mut unquoted = String::with_capacity(quoted.len());
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' {
            characters.next()
        } else {
            Some(character)
        };
        unquoted.extend(escaped);
    }
    unquoted
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
