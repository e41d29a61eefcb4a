//! Failures and headers.

use serde_json::{Map, Value, json};

use super::json::merge;
use crate::error::{
    code::ErrorCode,
    problem::{self, Problem},
};

/// The headers that responses refer to.
pub fn headers() -> Value {
    let text = |description: &str, example: &str| {
        json!({
            "description": description,
            "schema": { "type": "string" },
            "example": example,
        })
    };
    json!({
        "X-Request-Id": text(
            "The request's own id where it matches `[A-Za-z0-9._-]{1,64}`, else a new UUIDv7.",
            "0193b1f0-7f2a-7c3e-8a4b-1d2e3f405162",
        ),
        "Cache-Control": text("`no-store` on what proves who one is, else `private, no-cache`.", "private, no-cache"),
        "Location": text("Where the new resource is, relative to this host.", "/tasks/7"),
        "Link": text(
            "The next page as `rel=\"next\"` (RFC 8288), relative to this host; absent on the last page.",
            "</tasks?limit=50&cursor=LWlkOjc>; rel=\"next\"",
        ),
        "WWW-Authenticate": text("The challenge (RFC 6750 section 3).", "Bearer error=\"invalid_token\""),
        "Retry-After": {
            "description": "Seconds to wait before the next try.",
            "schema": { "type": "integer", "minimum": 0 },
            "example": problem::RETRY_AFTER_SECONDS,
        },
    })
}

/// `{NAME: a reference to that header}` for each name.
pub fn header_references(names: &[&str]) -> Value {
    let references = names.iter().map(|name| {
        let reference = json!({ "$ref": format!("#/components/headers/{name}") });
        ((*name).to_owned(), reference)
    });
    Value::Object(references.collect::<Map<_, _>>())
}

/// The response of one status, which has one of `codes`.
pub fn problem_response(codes: &[ErrorCode]) -> Value {
    let mut names = vec!["X-Request-Id", "Cache-Control"];
    if codes.iter().any(|code| code.status() == 401) {
        names.push("WWW-Authenticate");
    }
    if codes.contains(&ErrorCode::Unavailable) {
        names.push("Retry-After");
    }
    let titles: Vec<&str> = codes.iter().map(|code| code.entry().title).collect();
    let schema = match codes.contains(&ErrorCode::ValidationFailed) {
        true => "#/components/schemas/ValidationProblem",
        false => "#/components/schemas/Problem",
    };
    let examples: Map<String, Value> = codes
        .iter()
        .map(|code| (code.as_str().to_owned(), json!({ "value": example(*code) })))
        .collect();
    json!({
        "description": titles.join(", or: "),
        "headers": header_references(&names),
        "content": { problem::CONTENT_TYPE: {
            "schema": { "$ref": schema },
            "examples": examples,
        } },
    })
}

fn example(code: ErrorCode) -> Value {
    let request_id = "0193b1f0-7f2a-7c3e-8a4b-1d2e3f405162";
    let mut body = json!(Problem::of_framework(code, request_id));
    if code == ErrorCode::ValidationFailed {
        let rule = "must have 1 to 200 characters";
        merge(
            &mut body,
            json!({
                "detail": format!("title {rule}"),
                "errors": [{ "pointer": "/title", "code": "length", "detail": rule }],
            }),
        );
    }
    body
}
