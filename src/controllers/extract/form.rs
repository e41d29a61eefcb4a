//! A request for tokens (OAuth2) as the request's content.

use std::borrow::Cow;

use actix_multipart::Multipart;
use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap, HeaderValue},
    web::Bytes,
};
use futures_util::{StreamExt, future::LocalBoxFuture, stream};
use schemars::JsonSchema;
use serde_json::Value;

use super::{
    body,
    fields::{Fields, FromFields},
    json::{self, JSON},
    media_type::MediaType,
    urlencoded,
};
use crate::{
    controllers::describe::{Describe, Description, Reads},
    error::AppError,
};

/// The media type of OAuth2 forms (RFC 6749 appendix B).
pub const URLENCODED: &str = "application/x-www-form-urlencoded";
/// RFC 7578; many HTTP clients send forms so.
pub const MULTIPART: &str = "multipart/form-data";

/// The request `T`, read from a form as RFC 6749 section 3.2 says: unknown members are ignored,
/// members without a value count as absent, repeated ones are refused. As JSON, it is read as strictly as any other.
///
/// Errors: `UnsupportedMediaType`, `PayloadTooLarge`, `Malformed`, `Validation`.
pub struct OAuthForm<T>(pub T);

impl<T: FromFields + JsonSchema> Describe for OAuthForm<T> {
    const READS: Reads = Reads::BODY.union(Reads::GRANT);

    fn describe(description: &mut Description<'_>) {
        description.schemas.subschema_for::<T>();
        let schemas = description.schemas.definitions_mut();
        if let Some(schema) = schemas.get_mut(&*T::schema_name()) {
            relax(schema);
        }
        description.body::<T>(URLENCODED, &[MULTIPART, JSON]);
    }
}

/// Makes the schema of a JSON object one of an OAuth2 form. Each member gets its example, which Swagger UI fills in.
fn relax(schema: &mut Value) {
    let (required, example) = (schema["required"].clone(), schema["example"].clone());
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    members.remove("additionalProperties");
    let Some(Value::Object(properties)) = members.get_mut("properties") else {
        return;
    };
    for (name, property) in properties {
        if let Some(example) = example.get(name) {
            property["example"] = example.clone();
        }
        let required = required
            .as_array()
            .is_some_and(|all| all.contains(&Value::from(name.as_str())));
        let choices = property.get_mut("enum").and_then(Value::as_array_mut);
        match choices {
            Some(choices) if !required => choices.push("".into()),
            None if required => property["minLength"] = 1.into(),
            _ => {}
        }
    }
}

impl<T: FromFields + 'static> FromRequest for OAuthForm<T> {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let accepted = [URLENCODED, MULTIPART, JSON];
            let (media_type, content) = body::read(&req, payload, &accepted).await?;
            let entries = match media_type {
                Some(json) if json.essence == JSON => return json::parse(&content).map(Self),
                Some(multipart) if multipart.essence == MULTIPART => {
                    read_multipart(&multipart, content).await?
                }
                _ => read_urlencoded(&content)?,
            };
            let given = entries.into_iter().filter(|(_, value)| !value.is_empty());
            let mut fields = Fields::members(given.collect());
            let request = T::from_fields(&mut fields);
            fields.finish_lenient(request).map(Self)
        })
    }
}

type Entries = Vec<(String, Cow<'static, str>)>;

fn read_urlencoded(content: &[u8]) -> Result<Entries, AppError> {
    let malformed = || AppError::Malformed("the form is not valid UTF-8".to_owned());
    let content = body::text(content).map_err(|_| malformed())?;
    urlencoded::pairs(content).map_err(|_| malformed())
}

async fn read_multipart(media_type: &MediaType, content: Bytes) -> Result<Entries, AppError> {
    let malformed = || AppError::Malformed("the form is not valid multipart/form-data".to_owned());
    let source = stream::once(async move { Ok(content) });
    // Written anew, for the crate reads it more strictly than RFC 9110.
    let boundary = media_type.parameters("boundary").next();
    let media_type = format!("{MULTIPART}; boundary=\"{}\"", boundary.unwrap_or_default());
    let media_type = HeaderValue::from_str(&media_type).map_err(|_| malformed())?;
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, media_type)]);
    let mut parts = Multipart::new(&headers, source);
    let mut entries = Entries::new();
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|_| malformed())?;
        let name = part.name().ok_or_else(malformed)?.to_owned();
        let mut value = Vec::new();
        while let Some(chunk) = part.next().await {
            value.extend_from_slice(&chunk.map_err(|_| malformed())?);
        }
        // Each part is a text of its own, and may be a file.
        let value = body::text(&value).map_err(|_| malformed())?.to_owned();
        entries.push((name, Cow::Owned(value)));
    }
    Ok(entries)
}
