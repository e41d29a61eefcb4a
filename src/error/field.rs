//! Where in a request a rule is broken.

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// One place of a request: a JSON Pointer into the body (RFC 6901; a form's member like a body's),
/// a query or path parameter, or a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Pointer(String),
    Parameter(String),
    Header(String),
}

/// One entry of a problem's `errors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub place: Place,
    pub code: &'static str,
    pub detail: String,
}

impl Place {
    /// `name` as a part of a JSON Pointer (RFC 6901 section 3).
    pub fn escape(name: &str) -> String {
        name.replace('~', "~0").replace('/', "~1")
    }

    /// The query or path parameter `name`.
    pub fn parameter(name: &str) -> Self {
        Self::Parameter(name.to_owned())
    }

    /// How a sentence names the place.
    fn subject(&self) -> &str {
        match self {
            Self::Pointer(pointer) if pointer.is_empty() => "the body",
            Self::Pointer(pointer) => pointer.strip_prefix('/').unwrap_or(pointer),
            Self::Parameter(name) | Self::Header(name) => name,
        }
    }
}

impl FieldError {
    /// "title must have 1 to 200 characters".
    pub fn sentence(&self) -> String {
        format!("{} {}", self.place.subject(), self.detail)
    }
}

impl Serialize for FieldError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, place) = match &self.place {
            Place::Pointer(pointer) => ("pointer", pointer),
            Place::Parameter(name) => ("parameter", name),
            Place::Header(name) => ("header", name),
        };
        let mut entry = serializer.serialize_struct("FieldError", 3)?;
        entry.serialize_field(kind, place)?;
        entry.serialize_field("code", self.code)?;
        entry.serialize_field("detail", &self.detail)?;
        entry.end()
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
