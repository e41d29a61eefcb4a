//! Entity tags and what a request demands of them (RFC 9110 sections 8.8.3 and 13).

use std::{str::FromStr, sync::LazyLock};

use regex::Regex;

use super::{epoch::Epoch, value::schema, violation::Violation};

/// `*`, or entity tags with commas between. RFC 9110 section 5.6.1: empty elements of a list are to be tolerated.
const TAGS_PATTERN: &str = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#;

#[expect(clippy::expect_used, reason = "a constant pattern; tests compile it")]
static TAGS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(TAGS_PATTERN).expect("the pattern is valid"));

/// One entity tag: the mark of a weak one, and what stands between the quotes.
#[expect(clippy::expect_used, reason = "a constant pattern; tests compile it")]
static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"((?:W/)?)"([^"]*)""#).expect("the pattern is valid"));

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

/// What a write demands of the task as it is now; nothing, unless the client says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preconditions {
    pub if_match: IfMatch,
    pub if_none_match: IfNoneMatch,
}

/// Which precondition does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet {
    /// The task has none of the tags, or not the version.
    IfMatch,
    /// Nor could it, for a tag that is weak.
    WeakTag,
    IfNoneMatch,
}

/// The entity tag of a task, a strong one: its version and the epoch of the database.
pub fn task_tag(version: i64, epoch: Epoch) -> String {
    format!("\"{version}.{epoch}\"")
}

impl IfMatch {
    /// Whether the task may be changed at `version` in `epoch`, by the strong comparison (RFC 9110 section 8.8.3.2). The
    /// version alone is taken for a tag too.
    pub fn allows(&self, version: i64, epoch: Epoch) -> bool {
        let Some(TagList::Tags(tags)) = &self.0 else {
            return true;
        };
        let (tag, version) = (task_tag(version, epoch), version.to_string());
        let current = [tag.trim_matches('"'), &version];
        let mut strong = tags.iter().filter(|tag| !tag.weak);
        strong.any(|tag| current.contains(&tag.opaque.as_str()))
    }

    /// Why it does not hold, where it does not.
    fn unmet(&self) -> Unmet {
        match &self.0 {
            Some(TagList::Tags(tags)) if tags.iter().any(|tag| tag.weak) => Unmet::WeakTag,
            _ => Unmet::IfMatch,
        }
    }
}

impl Preconditions {
    /// Whether the task may be changed at `version` in `epoch` (RFC 9110 section 13.2.2). Errors: what does not hold.
    pub fn check(&self, version: i64, epoch: Epoch) -> Result<(), Unmet> {
        if !self.if_match.allows(version, epoch) {
            return Err(self.if_match.unmet());
        }
        let names = [task_tag(version, epoch), version.to_string()];
        if names.iter().any(|name| self.if_none_match.has(name)) {
            return Err(Unmet::IfNoneMatch);
        }
        Ok(())
    }
}

impl Unmet {
    /// What it says to people.
    pub fn detail(self) -> &'static str {
        match self {
            Self::IfMatch => "the task has another version than the one that you demand",
            Self::WeakTag => {
                "If-Match holds for no weak tag (RFC 9110 section 13.1.1): send the ETag without its W/; a proxy that compresses answers makes tags weak"
            }
            Self::IfNoneMatch => "the task has an ETag that If-None-Match excludes",
        }
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
        let text = text.trim();
        if text == "*" {
            return Ok(Self::Any);
        }
        if !TAGS.is_match(text) {
            let detail = "must be * or a list of entity tags such as \"3.1f0c9a7e\"";
            return Err(Violation::new("format", detail));
        }
        let tags = TAG.captures_iter(text).map(|tag| {
            let (_, [weak, opaque]) = tag.extract();
            EntityTag {
                weak: !weak.is_empty(),
                opaque: opaque.to_owned(),
            }
        });
        Ok(Self::Tags(tags.collect()))
    }
}

schema!(TagList, { "type": "string", "pattern": TAGS_PATTERN });
