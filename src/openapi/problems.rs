//! Failures: problem details (RFC 9457), their schemas and their examples.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::headers;
use crate::{
    controllers::{describe::Description, task_dto},
    error::{
        AppError,
        code::ErrorCode,
        problem::{self, Problem},
    },
    models::{batch::BATCH_MAX, violation},
};

const REQUEST_ID: &str = "0193b1f0-7f2a-7c3e-8a4b-1d2e3f405162";

/// The response of one status, which has one of `codes`; `page` is the address of the page that explains the codes.
pub fn response(codes: &[ErrorCode], description: &Description<'_>, page: &str) -> Value {
    let mut names = Vec::new();
    if codes
        .iter()
        .any(|code| problem::challenge(*code, None).is_some())
    {
        names.push("WWW-Authenticate");
    }
    if codes.contains(&ErrorCode::Unavailable) {
        names.push("Retry-After");
    }
    if codes.contains(&ErrorCode::TooManyRequests) {
        names.extend(["Retry-After", "RateLimit", "RateLimit-Policy"]);
    }
    if codes.contains(&ErrorCode::UnsupportedMediaType) {
        names.push("Accept");
        if description.body.is_some() {
            names.push("Accept-Encoding");
        }
        if *description.method == Method::PATCH {
            names.push("Accept-Patch");
        }
    }
    let titles: Vec<&str> = codes.iter().map(|code| code.entry().title).collect();
    let examples = codes.iter().map(|code| {
        let example = json!({ "value": example(*code, &description.invalid, page) });
        (code.as_str().to_owned(), example)
    });
    json!({
        "description": titles.join(", or: "),
        "headers": headers::references(&names),
        "content": { problem::CONTENT_TYPE: {
            "schema": schema(codes),
            "examples": examples.collect::<Map<_, _>>(),
        } },
    })
}

fn schema(codes: &[ErrorCode]) -> Value {
    let mut names: Vec<&str> = codes.iter().map(|code| schema_name(*code)).collect();
    names.dedup();
    match names.as_slice() {
        [one] => reference(one),
        several => {
            let several: Vec<Value> = several.iter().map(|name| reference(name)).collect();
            json!({ "oneOf": several })
        }
    }
}

fn schema_name(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::ValidationFailed => "ValidationProblem",
        ErrorCode::IdempotencyKeyReused => "KeyReusedProblem",
        ErrorCode::VersionMismatch => "VersionMismatchProblem",
        _ => "Problem",
    }
}

fn example(code: ErrorCode, invalid: &AppError, page: &str) -> Value {
    match code {
        ErrorCode::ValidationFailed => json!(Problem::of(invalid, REQUEST_ID, page)),
        ErrorCode::VersionMismatch => {
            let mut problem = json!(Problem::of_framework(code, REQUEST_ID, page));
            let body = &mut problem;
            body["current"] = task_dto::example();
            problem
        }
        _ => json!(Problem::of_framework(code, REQUEST_ID, page)),
    }
}

/// A reference to the schema `name`.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The schemas of problems, by name.
pub fn schemas() -> [(String, Value); 5] {
    let errors = json!({ "type": "array", "minItems": 1, "items": reference("FieldError") });
    [
        ("FieldError", field_error()),
        ("Problem", problem()),
        (
            "ValidationProblem",
            special(
                "Problem details that name every fault.",
                ErrorCode::ValidationFailed,
                Some(("errors", errors)),
            ),
        ),
        (
            "VersionMismatchProblem",
            special(
                "Problem details with the task as it is now.",
                ErrorCode::VersionMismatch,
                Some(("current", reference("Task"))),
            ),
        ),
        // It shares its status with the problem of a request that is not valid.
        (
            "KeyReusedProblem",
            special(
                "Problem details of an idempotency key that belongs to another request.",
                ErrorCode::IdempotencyKeyReused,
                None,
            ),
        ),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
}

/// The members of every problem.
fn problem() -> Value {
    let codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "Where the code is explained." },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string", "description": "For people." },
            "code": { "type": "string", "enum": codes, "description": "For programs; never changes its meaning." },
            "request_id": { "type": "string", "description": "Under which the server logged the request." },
            "index": {
                "type": "integer",
                "minimum": 0,
                "maximum": BATCH_MAX - 1,
                "description": "Only where an operation failed and with it an atomic batch: which one, counted from 0.",
            },
            "conflicting_id": {
                "type": "integer",
                "format": "int64",
                "minimum": 1,
                "description": "Only where an `external_id` is taken: the id of the task that has it.",
            },
            "error": {
                "type": "string",
                "enum": problem::GRANT_ERRORS,
                "description": "Only where a login or a refresh failed: the code of RFC 6749 section 5.2, for OAuth2 libraries.",
            },
            "error_description": {
                "type": "string",
                "description": "Beside `error`: the detail, in ASCII.",
            },
        },
    })
}

/// One entry of a validation problem.
fn field_error() -> Value {
    json!({
        "type": "object",
        "description": "One broken rule at one location: exactly one of pointer, parameter and header is there.",
        "required": ["code", "detail"],
        "properties": {
            "pointer": { "type": "string", "description": "JSON Pointer (RFC 6901) into the body; a form's field like a body's." },
            "parameter": { "type": "string", "description": "Query or path parameter." },
            "header": { "type": "string" },
            "code": { "type": "string", "enum": violation::codes(), "description": "For programs." },
            "detail": { "type": "string", "description": "For people." },
        },
        "example": { "pointer": "/title", "code": "length", "detail": "must have 1 to 200 characters" },
    })
}

/// A problem with one `code` and, it may be, a member of its own.
fn special(description: &str, code: ErrorCode, own: Option<(&str, Value)>) -> Value {
    let mut required = vec!["code"];
    let mut properties = Map::new();
    let code = json!({ "type": "string", "enum": [code.as_str()] });
    properties.insert("code".to_owned(), code);
    if let Some((name, schema)) = own {
        required.push(name);
        properties.insert(name.to_owned(), schema);
    }
    let own = json!({ "type": "object", "required": required, "properties": properties });
    json!({
        "description": description,
        "allOf": [reference("Problem"), own],
    })
}
