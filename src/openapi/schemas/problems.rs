//! Problem details (RFC 9457).

use serde_json::{Value, json};

use super::all::reference;
use crate::{
    error::code::ErrorCode,
    models::{batch::BATCH_MAX, violation},
    openapi::json::merge,
};

/// What every problem has.
pub fn problem() -> Value {
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
        },
    })
}

/// One entry of a validation problem.
pub fn field_error() -> Value {
    json!({
        "type": "object",
        "description": "One broken rule at one place: exactly one of pointer, parameter and header is there.",
        "required": ["code", "detail"],
        "properties": {
            "pointer": { "type": "string", "description": "JSON Pointer (RFC 6901) into the body; a form's member like a body's." },
            "parameter": { "type": "string", "description": "Query or path parameter." },
            "header": { "type": "string" },
            "code": { "type": "string", "enum": violation::CODES, "description": "For programs." },
            "detail": { "type": "string", "description": "For people." },
        },
        "example": { "pointer": "/title", "code": "length", "detail": "must have 1 to 200 characters" },
    })
}

/// The problem of a request that is not valid.
pub fn validation() -> Value {
    let errors = json!({
        "type": "array",
        "minItems": 1,
        "items": reference("FieldError"),
    });
    special(
        "Problem details that name every wrong place.",
        ErrorCode::ValidationFailed,
        Some(("errors", errors)),
    )
}

/// The problem of a condition that does not hold.
pub fn version_mismatch() -> Value {
    special(
        "Problem details with the task as it is now.",
        ErrorCode::VersionMismatch,
        Some(("current", reference("Task"))),
    )
}

/// The problem of a key that names another request. It shares its status with the problem of a
/// request that is not valid.
pub fn key_reused() -> Value {
    special(
        "Problem details of an idempotency key that belongs to another request.",
        ErrorCode::IdempotencyKeyReused,
        None,
    )
}

/// A problem with one `code` and, it may be, a member of its own.
fn special(description: &str, code: ErrorCode, own: Option<(&str, Value)>) -> Value {
    let mut required = vec!["code"];
    let mut properties = json!({ "code": { "type": "string", "enum": [code.as_str()] } });
    if let Some((name, schema)) = own {
        required.push(name);
        merge(&mut properties, json!({ (name): schema }));
    }
    json!({
        "description": description,
        "allOf": [
            reference("Problem"),
            { "type": "object", "required": required, "properties": properties },
        ],
    })
}
