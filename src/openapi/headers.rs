//! Headers of answers.

use serde_json::{Map, Value, json};

use crate::{
    config::settings::PublicUrl,
    controllers::respond::{ETAG_UNLESS_COMPUTED, IDEMPOTENCY_REPLAYED, X_TOTAL_COUNT},
    error::problem,
};

/// The headers that responses refer to. One is `required` where every answer that lists it has it.
pub fn all(public_url: &PublicUrl) -> Value {
    let text = |description: &str, required: bool, example: &str| {
        json!({
            "description": description,
            "required": required,
            "schema": { "type": "string" },
            "example": example,
        })
    };
    json!({
        "X-Request-Id": text(
            "The request's own id where it matches `[A-Za-z0-9._-]{1,64}`, else a new UUIDv7.",
            true,
            "0193b1f0-7f2a-7c3e-8a4b-1d2e3f405162",
        ),
        "Location": text("Where the new resource is (a URI reference).", true, &public_url.at("/tasks/7")),
        "ETag": text("The entity tag (RFC 9110 section 8.8.3): of a task or project its version and an epoch of the database, of a list a digest of the page.", true, "\"1.1f0c9a7e\""),
        (ETAG_UNLESS_COMPUTED): text("The entity tag; absent with `include_computed=true`.", false, "\"1.1f0c9a7e\""),
        "Link": text(
            "The next page as `rel=\"next\"` (RFC 8288, a URI reference); absent on the last page.",
            false,
            &format!("<{}>; rel=\"next\"", public_url.at("/tasks?limit=50&cursor=LWlkOjc")),
        ),
        "WWW-Authenticate": text("The challenge (RFC 6750 section 3): on every 401, and on a 403 for want of a scope.", false, "Bearer realm=\"task-api\", error=\"insufficient_scope\", error_description=\"the personal access token lacks the scope tasks:write\", scope=\"tasks:write\""),
        "Retry-After": {
            "description": "Seconds to wait before the next try.",
            "required": true,
            "schema": { "type": "integer", "minimum": 0 },
            "example": problem::RETRY_AFTER_SECONDS,
        },
        "RateLimit": text(
            "What is left of the limit that was reached (`r`, nothing), and in how many seconds there is more (`t`): draft-ietf-httpapi-ratelimit-headers.",
            true,
            "\"login-account\";r=0;t=540",
        ),
        "RateLimit-Policy": text(
            "That limit: how often (`q`) in how many seconds (`w`).",
            true,
            "\"login-account\";q=10;w=900",
        ),
        "Accept": text(
            "The media types that the operation takes (RFC 9110 section 12.5.1); empty where it takes no body.",
            true,
            "application/json",
        ),
        "Accept-Encoding": text(
            "Only where the content coding was refused: the one that is taken (RFC 9110 section 12.5.3).",
            false,
            "identity",
        ),
        "Accept-Patch": text("The formats of a patch that are taken (RFC 5789 section 3.1).", true, "application/json, application/merge-patch+json"),
        (X_TOTAL_COUNT): {
            "description": "How many tasks there are on all pages; absent without `include_total=true`.",
            "required": false,
            "schema": { "type": "integer", "minimum": 0 },
            "example": 120,
        },
        (IDEMPOTENCY_REPLAYED): {
            "description": "Only where the answer was given before, to the first request with the key.",
            "required": false,
            "schema": { "type": "boolean", "enum": [true] },
            "example": true,
        },
    })
}

/// `{NAME: a reference to that header}` for each name, and for `X-Request-Id`, which every answer has.
pub fn references(names: &[&str]) -> Value {
    let references = ["X-Request-Id"].iter().chain(names).map(|name| {
        let reference = json!({ "$ref": format!("#/components/headers/{name}") });
        let sent = if *name == ETAG_UNLESS_COMPUTED {
            "ETag"
        } else {
            name
        };
        (sent.to_owned(), reference)
    });
    Value::Object(references.collect::<Map<_, _>>())
}
