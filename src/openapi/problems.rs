//! Failures: problem details (RFC 9457), their schemas and their examples.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::headers;
use crate::{
    controllers::{
        batch_dto::FAILURES,
        describe::{Current, Description, one_of},
        problem_example,
    },
    error::{
        code::ErrorCode,
        problem::{self, Problem},
    },
    models::{batch::BATCH_MAX, violation},
};

/// The member that tells problems apart, and its type.
const CODE: (&str, &str) = ("code", "string");
const UNPROCESSABLE: &str = "UnprocessableProblem";

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
    let example = |code| match (code, &description.invalid.1, description.current) {
        (ErrorCode::ValidationFailed, Some(error), _) => {
            json!(Problem::of(error, problem_example::REQUEST_ID, page))
        }
        (ErrorCode::VersionMismatch, _, Current::Project) => {
            problem_example::of_changed_project(page)
        }
        _ => problem_example::of(code, page),
    };
    let schema = schema(codes, description.current);
    let content = match codes {
        [one] => json!({ "schema": schema, "example": example(*one) }),
        several => {
            let examples = several.iter().map(|code| {
                let example = json!({ "value": example(*code) });
                (code.as_str().to_owned(), example)
            });
            json!({ "schema": schema, "examples": examples.collect::<Map<_, _>>() })
        }
    };
    json!({
        "description": titles.join(", or: "),
        "headers": headers::references(&names),
        "content": { problem::CONTENT_TYPE: content },
    })
}

fn schema(codes: &[ErrorCode], current: Current) -> Value {
    let names = codes.iter().map(|code| schema_name(*code, current));
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    // Only 422 has several.
    match names.as_slice() {
        [one] => reference(one),
        _ => reference(UNPROCESSABLE),
    }
}

/// Codes that always have a member of their own have a schema of their own. No two schemas of an operation have one
/// code, so that a program that looks at `code` knows the members.
fn schema_name(code: ErrorCode, current: Current) -> &'static str {
    match (code, current) {
        (ErrorCode::ValidationFailed, _) => "ValidationProblem",
        (ErrorCode::VersionMismatch, Current::Task) => "VersionMismatchProblem",
        (ErrorCode::VersionMismatch, Current::Project) => "ProjectVersionMismatchProblem",
        _ => "Problem",
    }
}

/// A reference to the schema `name`.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The schemas of problems, by name.
pub fn schemas() -> [(String, Value); 7] {
    let errors = json!({ "type": "array", "minItems": 1, "items": reference("FieldError") });
    let conflicting = json!({
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "description": "Only where an `external_id` is taken: the id of the task that has it.",
    });
    let blocked_by = json!({
        "type": "array",
        "items": { "type": "integer", "format": "int64", "minimum": 1 },
        "description": "Only with `blocked`: the open tasks that block the task.",
    });
    let error = json!({
        "type": "string",
        "enum": problem::GRANT_ERRORS,
        "description": "Only where a login or a refresh failed: see RFC 6749 section 5.2.",
    });
    let error_description = json!({
        "type": "string",
        "description": "Beside `error`: the detail, in ASCII.",
    });
    let grant = [("error", error), ("error_description", error_description)];
    let [error, error_description] = grant.clone();
    [
        problem(
            "Problem",
            "Problem details (RFC 9457). `code` is for programs and never changes its meaning; under `request_id` the server logged the request.",
            None,
            vec![
                ("conflicting_id", conflicting),
                ("blocked_by", blocked_by),
                error,
                error_description,
            ],
        ),
        problem(
            "ValidationProblem",
            "Problem details that name every fault.",
            Some(("errors", errors)),
            grant.to_vec(),
        ),
        problem(
            "VersionMismatchProblem",
            "Problem details with the task as it is now.",
            Some(("current", reference("Task"))),
            Vec::new(),
        ),
        problem(
            "ProjectVersionMismatchProblem",
            "Problem details with the project as it is now.",
            Some(("current", reference("Project"))),
            Vec::new(),
        ),
        ("FieldError".to_owned(), field_error()),
        (
            UNPROCESSABLE.to_owned(),
            one_of(
                "Problem details of a request that cannot be done as it is.",
                CODE,
                &["ValidationProblem", "Problem"],
            )
            .into(),
        ),
        ("OperationProblem".to_owned(), operation_problem()),
    ]
}

/// Of one operation of a batch. The discriminator is for clients that take the first schema whose members are there.
fn operation_problem() -> Value {
    let names = ["VersionMismatchProblem", "ValidationProblem", "Problem"];
    let codes = ErrorCode::ALL.iter().filter(|code| {
        let status = code.entry().status.as_u16();
        FAILURES.contains(&status)
    });
    let mapping = codes.map(|code| {
        let name = schema_name(*code, Current::Task);
        (
            code.as_str().to_owned(),
            format!("#/components/schemas/{name}").into(),
        )
    });
    let mut schema = one_of("Problem details of one operation.", CODE, &names);
    schema.insert(
        "discriminator".to_owned(),
        json!({ "propertyName": CODE.0, "mapping": mapping.collect::<Map<_, _>>() }),
    );
    schema.into()
}

/// The schema `name` of the codes that have it, with a member that is always there and others that may be. It stands by
/// itself: generators make a mess of a schema that another one extends.
fn problem(
    name: &str,
    description: &str,
    own: Option<(&str, Value)>,
    optional: Vec<(&str, Value)>,
) -> (String, Value) {
    let codes = ErrorCode::ALL.iter().filter(|code| {
        let kinds = [Current::Task, Current::Project];
        kinds
            .map(|current| schema_name(**code, current))
            .contains(&name)
    });
    let codes: Vec<&str> = codes.map(|code| code.as_str()).collect();
    let mut required = vec!["type", "title", "status", "detail", "code", "request_id"];
    required.extend(own.iter().map(|(name, _)| *name));
    let index = json!({
        "type": "integer",
        "minimum": 0,
        "maximum": BATCH_MAX - 1,
        "description": "Only where an atomic batch failed: by which operation, counted from 0.",
    });
    let members = [
        (
            "type",
            json!({ "type": "string", "format": "uri-reference" }),
        ),
        ("title", json!({ "type": "string" })),
        (
            "status",
            json!({ "type": "integer", "minimum": 400, "maximum": 599 }),
        ),
        ("detail", json!({ "type": "string" })),
        ("code", json!({ "type": "string", "enum": codes })),
        ("request_id", json!({ "type": "string" })),
    ];
    let members = members
        .into_iter()
        .chain(own)
        .chain([("index", index)])
        .chain(optional);
    let members: Map<String, Value> = members
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let schema = json!({
        "type": "object",
        "description": description,
        "required": required,
        "properties": members,
    });
    (name.to_owned(), schema)
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
