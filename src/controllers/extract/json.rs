//! A JSON object as the request's content.

use std::fmt;

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::Method, web::Bytes};
use futures_util::future::LocalBoxFuture;
use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    body,
    fields::{Fields, FromFields, invalid},
    unread::NoParameters,
};
use crate::{
    controllers::describe::{Describe, Description, Reads},
    error::{AppError, field::Location},
    models::violation::Violation,
};

/// RFC 8259.
pub const JSON: &str = "application/json";
/// RFC 7396; taken wherever the method is PATCH.
pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// The request `T`, read from a JSON object.
///
/// Errors: `UnsupportedMediaType`, `PayloadTooLarge`, `Malformed` where it is not JSON,
/// `Validation` where it is JSON but not the request.
pub struct JsonBody<T> {
    pub request: T,
    /// The content as it came.
    pub content: Bytes,
}

impl<T: FromFields + JsonSchema> Describe for JsonBody<T> {
    const READS: Reads = Reads::BODY;

    fn describe(description: &mut Description<'_>) {
        let others = media_types(description.method).get(1..);
        description.body::<T>(JSON, others.unwrap_or_default());
        let invalid = parse::<NoParameters>(br#"{ "verbose": true }"#);
        description.invalid = ("Json", invalid.err());
    }
}

/// A PATCH is a merge patch, however it is called.
fn media_types(method: &Method) -> &'static [&'static str] {
    if *method == Method::PATCH {
        &[JSON, MERGE_PATCH]
    } else {
        &[JSON]
    }
}

impl<T: FromFields + 'static> FromRequest for JsonBody<T> {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let (_, content) = body::read(&req, payload, media_types(req.method())).await?;
            let request = parse(&content)?;
            Ok(Self { request, content })
        })
    }
}

/// Reads the request `T` from the text of a JSON object.
pub fn parse<T: FromFields>(content: &[u8]) -> Result<T, AppError> {
    let text = body::text(content)
        .map_err(|_| AppError::Malformed("the body is not valid UTF-8".to_owned()))?;
    let object: Object<'_> = serde_json::from_str(text).map_err(|error| refused(text, &error))?;
    let mut fields = Fields::members(object.0);
    let request = T::from_fields(&mut fields);
    fields.finish(request)
}

/// What is no JSON is malformed; JSON that is no object has the wrong type. serde reports the type
/// before it has read the rest, so the rest is read here.
fn refused(text: &str, error: &serde_json::Error) -> AppError {
    let broken = serde_json::from_str::<IgnoredAny>(text).err();
    let error = match (error.is_data(), &broken) {
        (true, None) => {
            let violation = Violation::new("type", "must be a JSON object");
            return invalid(Location::Pointer(String::new()), violation);
        }
        (true, Some(broken)) => broken,
        (false, _) => error,
    };
    let (line, column) = (error.line(), error.column());
    AppError::Malformed(format!(
        "the body is not valid JSON: line {line}, column {column}"
    ))
}

/// The members in their order, repeated ones included, with values still as JSON text: serde's
/// own maps would keep only the last of two equal names.
pub struct Object<'a>(pub Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry::<String, &RawValue>()? {
            members.push(member);
        }
        Ok(Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::controllers::task_requests::CreateTaskRequest;

    proptest! {
        #[test]
        fn a_title_survives_the_way_through_json(text in "[a-zA-Z0-9 äß🦀\"\\\\]{0,40}x") {
            let content = serde_json::json!({ "title": text }).to_string();
            let request = parse::<CreateTaskRequest>(content.as_bytes()).unwrap();
            prop_assert_eq!(request.title.into_inner(), text.trim());
        }
    }
}
