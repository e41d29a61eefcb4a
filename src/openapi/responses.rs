//! Answers that paperclip does not collect: failures, and what a client has already.

use serde_json::{Value, json};

use super::{examples, facts::Facts, headers, schemas::all::reference};
use crate::error::{code::ErrorCode, problem};

/// The response of one status, which has one of `codes`.
pub fn problem_response(codes: &[ErrorCode], facts: &Facts) -> Value {
    let mut names = vec!["X-Request-Id", "Cache-Control"];
    let is_challenge = |code: &ErrorCode| matches!(code.status().as_u16(), 401 | 403);
    if codes.iter().any(is_challenge) {
        names.push("WWW-Authenticate");
    }
    if codes.contains(&ErrorCode::Unavailable) {
        names.push("Retry-After");
    }
    if codes.contains(&ErrorCode::TooManyRequests) {
        names.extend(["Retry-After", "RateLimit", "RateLimit-Policy"]);
    }
    let titles: Vec<&str> = codes.iter().map(|code| code.entry().title).collect();
    json!({
        "description": titles.join(", or: "),
        "headers": headers::references(&names),
        "content": { problem::CONTENT_TYPE: {
            "schema": schema(codes),
            "examples": examples::of_failures(codes, facts),
        } },
    })
}

fn schema(codes: &[ErrorCode]) -> Value {
    let mut shapes: Vec<&str> = codes.iter().map(|code| shape(*code)).collect();
    shapes.dedup();
    match shapes.as_slice() {
        [one] => reference(one),
        several => {
            json!({ "oneOf": several.iter().map(|name| reference(name)).collect::<Vec<_>>() })
        }
    }
}

fn shape(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::ValidationFailed => "ValidationProblem",
        ErrorCode::IdempotencyKeyReused => "KeyReusedProblem",
        ErrorCode::VersionMismatch => "VersionMismatchProblem",
        _ => "Problem",
    }
}

/// 304 (RFC 9110 section 15.4.5).
pub fn not_modified(facts: &Facts) -> Value {
    json!({
        "description": "Not Modified: If-None-Match holds the ETag of what would be sent",
        "headers": headers::of_success("304", facts),
    })
}
