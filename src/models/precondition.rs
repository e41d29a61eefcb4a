//! Entity tags and what a request demands of them (RFC 9110 sections 8.8.3 and 13).

use std::{str::FromStr, sync::LazyLock};

use regex::Regex;

use super::{epoch::Epoch, value::schema, violation::Violation};

/// `*`, or entity tags with commas between. RFC 9110 section 5.6.1: empty elements of a list are to be tolerated.
/// `\x22` is a quote, which the source of no language takes amiss.
const TAGS_PATTERN: &str =
    r"^(\*|[ \t,]*(W\/)?\x22[!#-~]*\x22([ \t]*,[ \t,]*(W\/)?\x22[!#-~]*\x22)*[ \t,]*)$";

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

/// What an operation expects of the task that it is about.
#[derive(Debug, Clone)]
pub enum Expected {
    /// That it has this version, where there is one.
    Version(Option<i64>),
    /// What the headers of the request say.
    Headers(Preconditions),
}

/// A precondition that does not hold, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet(pub String);

/// The entity tag of a task or a project, a strong one: its version and the epoch of the database.
pub fn version_tag(version: i64, epoch: Epoch) -> String {
    format!("\"{version}.{epoch}\"")
}

impl IfMatch {
    /// Whether what is at `version` in `epoch` may be changed, by the strong comparison (RFC 9110 section 8.8.3.2). The
    /// version alone is taken for a tag too.
    pub fn allows(&self, version: i64, epoch: Epoch) -> bool {
        let Some(TagList::Tags(tags)) = &self.0 else {
            return true;
        };
        let (tag, version) = (version_tag(version, epoch), version.to_string());
        let current = [tag.trim_matches('"'), &version];
        let mut strong = tags.iter().filter(|tag| !tag.weak);
        strong.any(|tag| current.contains(&tag.opaque.as_str()))
    }

    /// Why it does not hold for the `kind` of resource at `version`, where it does not.
    fn unmet(&self, kind: &str, version: i64) -> Unmet {
        let tags = match &self.0 {
            Some(TagList::Tags(tags)) => tags.as_slice(),
            _ => &[],
        };
        if tags.iter().any(|tag| tag.weak) {
            return Unmet("a weak tag in If-Match never holds (RFC 9110 section 13.1.1): send the ETag without its W/; a proxy that compresses answers makes tags weak".to_owned());
        }
        let asked = tags.iter().filter_map(EntityTag::version);
        let mut asked: Vec<String> = asked.map(|version| version.to_string()).collect();
        asked.dedup();
        if asked.contains(&version.to_string()) {
            return Unmet(format!(
                "the {kind} is at version {version}, but the ETag in If-Match is from before the database was restored"
            ));
        }
        Unmet::version(kind, version, "If-Match", &asked)
    }
}

impl Preconditions {
    /// Whether the `kind` of resource (`task`, `project`) may be changed at `version` in `epoch` (RFC 9110 section
    /// 13.2.2). Errors: what does not hold.
    pub fn check(&self, kind: &str, version: i64, epoch: Epoch) -> Result<(), Unmet> {
        if !self.if_match.allows(version, epoch) {
            return Err(self.if_match.unmet(kind, version));
        }
        let names = [version_tag(version, epoch), version.to_string()];
        if names.iter().any(|name| self.if_none_match.has(name)) {
            return Err(Unmet(format!(
                "the {kind} is at version {version}, which If-None-Match excludes"
            )));
        }
        Ok(())
    }
}

impl Expected {
    /// Whether it depends on the epoch.
    pub fn is_of_epoch(&self) -> bool {
        matches!(self, Self::Headers(headers) if *headers != Preconditions::default())
    }

    /// Whether it holds for a task at `version` in `epoch`. Errors: what does not hold.
    pub fn check(&self, version: i64, epoch: Epoch) -> Result<(), Unmet> {
        match self {
            Self::Version(Some(asked)) if *asked != version => {
                let asked = [asked.to_string()];
                Err(Unmet::version("task", version, "if_version", &asked))
            }
            Self::Version(_) => Ok(()),
            Self::Headers(headers) => headers.check("task", version, epoch),
        }
    }
}

impl Unmet {
    /// The `kind` of resource is at `version`, and `asker` asked for others.
    pub fn version(kind: &str, version: i64, asker: &str, asked: &[String]) -> Self {
        /// So many are named.
        const MOST: usize = 5;
        let asked = match asked {
            few if (1..=MOST).contains(&few.len()) => few.join(" or "),
            _ => "another".to_owned(),
        };
        Self(format!(
            "the {kind} is at version {version}; {asker} asked for {asked}"
        ))
    }
}

impl EntityTag {
    /// The version of the resource whose tag it is, with an epoch or without.
    fn version(&self) -> Option<i64> {
        self.opaque.split('.').next()?.parse().ok()
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
            let detail = "must be * or a list of ETags such as \"3.1f0c9a7e\"";
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
