//! Where in a request a rule is broken.

use std::borrow::Cow;

use serde::Serialize;

use super::AppError;

/// A location in a request: a JSON Pointer into the body (RFC 6901; a form's member like a body's),
/// a query or path parameter, or a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    Pointer(String),
    Parameter(String),
    Header(String),
}

/// One entry of a problem's `errors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    #[serde(flatten)]
    pub location: Location,
    pub code: &'static str,
    pub detail: String,
}

impl Location {
    /// `name` as a part of a JSON Pointer (RFC 6901 section 3).
    pub fn escape(name: &str) -> String {
        name.replace('~', "~0").replace('/', "~1")
    }

    /// The query or path parameter `name`.
    pub fn parameter(name: &str) -> Self {
        Self::Parameter(name.to_owned())
    }

    /// How a sentence begins that names the location: with a small letter, whatever the client calls it.
    fn subject(&self) -> Cow<'_, str> {
        let (noun, name) = match self {
            Self::Pointer(pointer) if pointer.is_empty() => return "the body".into(),
            Self::Pointer(pointer) => ("field", pointer.strip_prefix('/').unwrap_or(pointer)),
            Self::Parameter(name) => ("parameter", name.as_str()),
            Self::Header(name) => return format!("the header {name}").into(),
        };
        if name.starts_with(|c: char| c.is_ascii_lowercase()) {
            name.into()
        } else {
            format!("the {noun} {name:?}").into()
        }
    }
}

impl AppError {
    /// The problem of one broken rule.
    pub fn invalid(location: Location, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Validation(vec![FieldError {
            location,
            code,
            detail: detail.into(),
        }])
    }
}

impl FieldError {
    /// "title must have 1 to 200 characters".
    pub fn sentence(&self) -> String {
        format!("{} {}", self.location.subject(), self.detail)
    }
}

/// The first broken rule as a sentence, and how many more there are.
pub fn summary(errors: &[FieldError]) -> String {
    match errors {
        [] => "the request is not valid".to_owned(),
        [only] => only.sentence(),
        [first, rest @ ..] => format!("{} (and {} more)", first.sentence(), rest.len()),
    }
}
