//! Entity tags and what a request demands of them (RFC 9110 sections 8.8.3 and 13).

use std::str::FromStr;

use super::{value::schema, violation::Violation};

/// What [`TagList`] takes of a header line, as a regular expression: `*`, or entity tags with commas between.
const TAGS_PATTERN: &str = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#;

/// One entity tag of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTag {
    weak: bool,
    /// What stands between the quotes.
    opaque: String,
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagList {
    Any,
    Tags(Vec<EntityTag>),
}

/// `If-Match`; absent, it always holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IfMatch(pub Option<TagList>);

/// `If-None-Match`; absent, the answer is always sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IfNoneMatch(pub Option<TagList>);

/// The entity tag of a task: its version in quotes, a strong one.
pub fn version_tag(version: i64) -> String {
    format!("\"{version}\"")
}

impl IfMatch {
    /// Whether the task may be changed at `version`, by the strong comparison (RFC 9110 section 8.8.3.2).
    pub fn allows(&self, version: i64) -> bool {
        let current = version.to_string();
        match &self.0 {
            None | Some(TagList::Any) => true,
            Some(TagList::Tags(tags)) => tags.iter().any(|tag| !tag.weak && tag.opaque == current),
        }
    }

    /// Only this version.
    pub fn version(version: i64) -> Self {
        Self(Some(TagList::Tags(vec![EntityTag {
            weak: false,
            opaque: version.to_string(),
        }])))
    }
}

impl IfNoneMatch {
    /// Whether the client has the representation with the entity tag `current` (quotes and all)
    /// already, by the weak comparison.
    pub fn has(&self, current: &str) -> bool {
        let opaque = current.trim_matches('"');
        match &self.0 {
            None => false,
            Some(TagList::Any) => true,
            Some(TagList::Tags(tags)) => tags.iter().any(|tag| tag.opaque == opaque),
        }
    }
}

impl FromStr for TagList {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        let mut tags = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            // RFC 9110 section 5.6.1: empty elements of a list are to be tolerated.
            if let Some(after) = rest.strip_prefix(',') {
                rest = after.trim_start();
                continue;
            }
            let (tag, after) = first_tag(rest).ok_or_else(malformed)?;
            tags.push(tag);
            rest = after.trim_start();
            if !rest.is_empty() && !rest.starts_with(',') {
                return Err(malformed());
            }
        }
        if tags.is_empty() {
            Err(malformed())
        } else {
            Ok(Self::Tags(tags))
        }
    }
}

/// The tag at the beginning of `text`, and what follows it.
fn first_tag(text: &str) -> Option<(EntityTag, &str)> {
    let (weak, quoted) = match text.strip_prefix("W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    };
    let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
    let allowed = |c: char| c == '\u{21}' || (c > '\u{22}' && c != '\u{7f}');
    opaque.chars().all(allowed).then(|| {
        let opaque = opaque.to_owned();
        (EntityTag { weak, opaque }, after)
    })
}

fn malformed() -> Violation {
    Violation::new("format", "must be * or a list of entity tags such as \"3\"")
}

schema!(TagList, { "type": "string", "pattern": TAGS_PATTERN });

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn if_match(text: &str) -> IfMatch {
        IfMatch(Some(text.parse().unwrap()))
    }

    #[test]
    fn if_match_compares_strongly() {
        assert!(IfMatch::default().allows(3));
        assert!(if_match("*").allows(3));
        assert!(if_match("\"3\"").allows(3));
        assert!(if_match("\"2\", \"3\"").allows(3));
        assert!(if_match("\"a,b\" ,,\"3\"").allows(3));
        assert!(!if_match("W/\"3\"").allows(3));
        assert!(!if_match("\"03\"").allows(3));
        assert!(IfMatch::version(3).allows(3) && !IfMatch::version(3).allows(4));
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let has = |text: &str| IfNoneMatch(Some(text.parse().unwrap())).has("\"3\"");
        assert!(has("*") && has("\"3\"") && has("W/\"3\"") && has("\"1\",W/\"3\""));
        assert!(!has("\"4\""));
        assert!(!IfNoneMatch::default().has("\"3\""));
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for wrong in [
            "",
            " ",
            ",",
            "3",
            "\"3",
            "3\"",
            "w/\"3\"",
            "\"3\" \"4\"",
            "*, \"3\"",
            "\"a b\"",
            "\"3\"x",
        ] {
            assert!(wrong.parse::<TagList>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_pattern_says_what_is_taken() {
        let pattern = regex::Regex::new(TAGS_PATTERN).unwrap();
        let parts = ["*", "\"3\"", "W/", "\"\"", "\"a,b\"", ",", " ", "x", "\""];
        let mut texts: Vec<String> = vec![String::new()];
        for _ in 0..5 {
            let longer = texts
                .iter()
                .flat_map(|t| parts.iter().map(move |p| format!("{t}{p}")));
            texts = longer.chain(texts.iter().cloned()).collect();
            texts.sort_unstable();
            texts.dedup();
        }
        for text in texts.iter().filter(|text| text.trim() == *text) {
            assert_eq!(
                text.parse::<TagList>().is_ok(),
                pattern.is_match(text),
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = text.parse::<TagList>();
        }
    }
}
