//! Examples of failures.

use serde_json::{Map, Value, json};

use super::{facts::Facts, json::merge, schemas::tasks};
use crate::error::{code::ErrorCode, problem::Problem};

const REQUEST_ID: &str = "0193b1f0-7f2a-7c3e-8a4b-1d2e3f405162";

/// Examples of the failures with `codes`, by name.
pub fn of_failures(codes: &[ErrorCode], facts: &Facts) -> Value {
    let mut examples = Map::new();
    for code in codes {
        if !(facts.is_batch() && is_only_of_operations(*code)) {
            let value = of_failure(*code, facts);
            examples.insert(code.as_str().to_owned(), json!({ "value": value }));
        }
        if facts.is_batch() && is_of_operations(*code) {
            let name = format!("{}_in_atomic_batch", code.as_str());
            examples.insert(name, json!({ "value": of_operation(*code, facts) }));
        }
    }
    Value::Object(examples)
}

/// Whether an operation of a batch can fail so.
fn is_of_operations(code: ErrorCode) -> bool {
    is_only_of_operations(code) || code == ErrorCode::ValidationFailed
}

/// Whether nothing but an operation of a batch can fail so.
fn is_only_of_operations(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NotFound | ErrorCode::Conflict | ErrorCode::VersionMismatch
    )
}

fn of_failure(code: ErrorCode, facts: &Facts) -> Value {
    let mut body = json!(Problem::of_framework(code, REQUEST_ID));
    match code {
        ErrorCode::ValidationFailed => merge(&mut body, invalid(facts)),
        ErrorCode::VersionMismatch => merge(&mut body, json!({ "current": tasks::example() })),
        _ => {}
    }
    body
}

/// The second operation failed.
fn of_operation(code: ErrorCode, facts: &Facts) -> Value {
    let mut body = of_failure(code, facts);
    merge(&mut body, json!({ "index": 1 }));
    if code == ErrorCode::ValidationFailed {
        let entry = entry(
            "pointer",
            "/operations/1/task/title",
            "required",
            "is required",
        );
        merge(&mut body, entry);
    }
    body
}

/// What is wrong with a request for the operation.
fn invalid(facts: &Facts) -> Value {
    match (facts.id.as_str(), facts.has_body) {
        ("login", _) => entry("pointer", "/username", "required", "is required"),
        ("refresh", _) => entry("pointer", "/refresh_token", "required", "is required"),
        ("changeEmail" | "changePassword" | "deleteAccount", _) => entry(
            "pointer",
            "/current_password",
            "incorrect",
            "is not the password of this account",
        ),
        ("createToken", _) => entry(
            "pointer",
            "/expires_at",
            "range",
            "must lie ahead, by at most 366 days",
        ),
        ("register", _) => entry("pointer", "/password", "required", "is required"),
        ("renameLabel", _) => entry("pointer", "/name", "length", "must have 1 to 50 characters"),
        (_, _) if facts.is_batch() => entry(
            "pointer",
            "/operations",
            "length",
            "must have 1 to 100 items",
        ),
        (_, true) => entry(
            "pointer",
            "/title",
            "length",
            "must have 1 to 200 characters",
        ),
        (_, false) => entry(
            "parameter",
            "verbose",
            "unknown",
            "is no parameter of this operation",
        ),
    }
}

fn entry(kind: &str, place: &str, code: &str, detail: &str) -> Value {
    json!({
        "detail": format!("{} {detail}", place.trim_start_matches('/')),
        "errors": [{ (kind): place, "code": code, "detail": detail }],
    })
}
