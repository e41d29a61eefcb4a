//! The shapes of bodies: bounds, `null`s, defaults and examples.

use serde_json::{Map, Value, json};

use super::json::merge;
use crate::{
    controllers::extract::path::ID_MAX,
    error::code::ErrorCode,
    models::{
        email::{EMAIL_MAX, EMAIL_PATTERN},
        password::{PASSWORD_MAX_BYTES, PASSWORD_MIN},
        priority::Priority,
        status::Status,
        text::{DESCRIPTION_MAX, TITLE_MAX},
    },
};

/// Control characters (Unicode category Cc) but for tab, line feed and carriage return.
const CONTROL: &str = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f";
/// What is trimmed off the ends of text, as far as it is no control character.
const BLANK: &str = r"\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

const TIME: &str = "2026-11-23T09:00:00.000000Z";

/// Completes the collected shapes and adds those of problems.
pub fn complete(schemas: &mut Map<String, Value>) {
    for (name, completion) in [
        ("Registration", registration()),
        ("PasswordGrant", password_grant()),
        ("Token", token()),
        ("User", user()),
        ("CreateTask", create_task()),
        ("UpdateTask", update_task()),
        ("Task", task()),
        ("Health", health()),
        ("FieldError", field_error()),
        ("Problem", problem()),
        ("ValidationProblem", validation_problem()),
    ] {
        merge(schemas.entry(name).or_insert(Value::Null), completion);
    }
}

/// An integer that is an id.
pub fn id() -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": ID_MAX })
}

fn registration() -> Value {
    json!({
        "description": "A new account.",
        "additionalProperties": false,
        "properties": { "email": email(), "password": {
            "format": "password",
            "minLength": PASSWORD_MIN,
            "maxLength": PASSWORD_MAX_BYTES,
            "pattern": no_control(),
            "description": format!("Never trimmed. At most {PASSWORD_MAX_BYTES} bytes of UTF-8, which is fewer characters where they are not ASCII. No control characters."),
        } },
        "example": { "email": "ann@example.com", "password": "correct horse battery staple" },
    })
}

fn password_grant() -> Value {
    json!({
        "description": "RFC 6749 section 4.3.2. A member without a value counts as absent; unknown members are ignored; none may be repeated.",
        "properties": {
            "grant_type": {
                "pattern": "^(password)?$",
                "description": "`password`, or absent.",
                "example": "password",
            },
            "username": { "minLength": 1, "description": "The e-mail address.", "example": "ann@example.com" },
            "password": { "minLength": 1, "format": "password", "example": "correct horse battery staple" },
            "scope": { "description": "Ignored: an access token may do everything its user may.", "example": "" },
        },
        "example": {
            "grant_type": "password",
            "username": "ann@example.com",
            "password": "correct horse battery staple",
        },
    })
}

fn token() -> Value {
    json!({
        "description": "RFC 6749 section 5.1.",
        "properties": {
            "access_token": { "description": "A JSON Web Token (RFC 7519). Opaque to clients." },
            "token_type": { "enum": ["bearer"] },
            "expires_in": { "minimum": 1, "description": "Life in seconds." },
        },
        "example": { "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "token_type": "bearer", "expires_in": 3600 },
    })
}

fn user() -> Value {
    json!({
        "description": "An account.",
        "properties": { "id": id(), "email": { "maxLength": EMAIL_MAX } },
        "example": { "id": 1, "email": "ann@example.com", "created_at": TIME },
    })
}

fn create_task() -> Value {
    json!({
        "description": "A new task.",
        "additionalProperties": false,
        "properties": {
            "title": title(),
            "description": description(),
            "status": status(json!({ "default": "todo" })),
            "priority": priority(json!({ "default": "medium" })),
            "due_at": due_at(),
        },
        "example": { "title": "Buy milk", "priority": "high", "due_at": "2026-12-01T18:00:00+01:00" },
    })
}

fn update_task() -> Value {
    json!({
        "description": "A JSON Merge Patch (RFC 7396): an absent member stays as it is, null clears it.",
        "additionalProperties": false,
        "properties": {
            "title": title(),
            "description": description(),
            "status": status(json!({})),
            "priority": priority(json!({})),
            "due_at": due_at(),
        },
        "example": { "status": "done", "description": null },
    })
}

fn task() -> Value {
    json!({
        "description": "A task.",
        "required": ["id", "title", "description", "status", "priority", "due_at", "version", "completed_at", "created_at", "updated_at"],
        "properties": {
            "id": id(),
            "title": { "minLength": 1, "maxLength": TITLE_MAX },
            "description": { "nullable": true, "maxLength": DESCRIPTION_MAX },
            "status": status(json!({})),
            "priority": priority(json!({})),
            "due_at": { "nullable": true },
            "version": { "minimum": 1, "description": "1 at first; each change makes it one larger." },
            "completed_at": { "nullable": true, "description": "When the status became done; null in any other status." },
        },
        "example": {
            "id": 7,
            "title": "Buy milk",
            "description": null,
            "status": "todo",
            "priority": "high",
            "due_at": "2026-12-01T17:00:00.000000Z",
            "version": 1,
            "completed_at": null,
            "created_at": TIME,
            "updated_at": TIME,
        },
    })
}

fn health() -> Value {
    json!({
        "description": "A good state of health.",
        "properties": { "status": { "enum": ["ok"] } },
        "example": { "status": "ok" },
    })
}

fn email() -> Value {
    json!({
        "maxLength": EMAIL_MAX,
        "pattern": EMAIL_PATTERN,
        "description": "As an HTML e-mail input takes it. Blanks around it are trimmed away; it is stored in lower case.",
    })
}

fn title() -> Value {
    json!({
        "minLength": 1,
        "maxLength": TITLE_MAX,
        "pattern": format!("^[^{CONTROL}]*[^{CONTROL}{BLANK}][^{CONTROL}]*$"),
        "description": "Trimmed; the length counts after that. No control characters but tab and line breaks.",
    })
}

fn description() -> Value {
    json!({
        "nullable": true,
        "maxLength": DESCRIPTION_MAX,
        "pattern": no_control(),
        "description": "Trimmed; the length counts after that. No control characters but tab and line breaks.",
    })
}

fn status(more: Value) -> Value {
    let mut schema = json!({ "enum": Status::NAMES });
    merge(&mut schema, more);
    schema
}

fn priority(more: Value) -> Value {
    let mut schema = json!({ "enum": Priority::NAMES });
    merge(&mut schema, more);
    schema
}

fn due_at() -> Value {
    json!({
        "nullable": true,
        "description": "Trimmed. RFC 3339 with any offset, such as 2026-12-01T18:00:00+01:00; kept in UTC to the microsecond. In UTC it must lie between the years 0000 and 9999.",
    })
}

fn no_control() -> String {
    format!("^[^{CONTROL}]*$")
}

fn field_error() -> Value {
    json!({
        "type": "object",
        "description": "One broken rule at one place: exactly one of pointer, parameter and header is there.",
        "required": ["code", "detail"],
        "properties": {
            "pointer": { "type": "string", "description": "JSON Pointer (RFC 6901) into the body; a form's member like a body's." },
            "parameter": { "type": "string", "description": "Query or path parameter." },
            "header": { "type": "string" },
            "code": { "type": "string", "description": "For programs." },
            "detail": { "type": "string", "description": "For people." },
        },
        "example": { "pointer": "/title", "code": "length", "detail": "must have 1 to 200 characters" },
    })
}

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
        },
    })
}

fn validation_problem() -> Value {
    json!({
        "description": "Problem details that name every wrong place.",
        "allOf": [
            { "$ref": "#/components/schemas/Problem" },
            {
                "type": "object",
                "required": ["errors"],
                "properties": { "errors": {
                    "type": "array",
                    "minItems": 1,
                    "items": { "$ref": "#/components/schemas/FieldError" },
                } },
            },
        ],
    })
}
