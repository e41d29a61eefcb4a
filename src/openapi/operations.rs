//! What each operation takes and answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    json::{member, merge},
    responses::{header_references, problem_response},
    schemas,
};
use crate::{
    controllers::{
        cursor::{LIMIT_DEFAULT, LIMIT_MAX},
        extract::{
            form::{MULTIPART, URLENCODED},
            json::{JSON, MERGE_PATCH},
        },
    },
    error::code::ErrorCode,
};

/// Completes every operation of the document.
pub fn complete(document: &mut Value) {
    let examples = examples(document);
    for item in member(document, &["paths"]).values_mut() {
        let Value::Object(item) = item else { continue };
        for (method, operation) in item.iter_mut() {
            let facts = Facts::of(method, operation);
            complete_description(operation);
            complete_parameters(operation);
            complete_body(operation, &facts, &examples);
            complete_successes(operation, &facts, &examples);
            complete_failures(operation, &facts);
            if facts.secured {
                // Either will do: the one logs in, the other takes a token.
                operation["security"] = json!([{ "oauth2": [] }, { "bearerAuth": [] }]);
            }
        }
    }
}

/// What the rest depends on.
struct Facts {
    id: String,
    method: String,
    has_body: bool,
    has_path_id: bool,
    secured: bool,
}

impl Facts {
    fn of(method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array();
        Self {
            id: operation["operationId"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            method: method.to_owned(),
            has_body: operation.get("requestBody").is_some(),
            has_path_id: parameters.is_some_and(|all| all.iter().any(|p| p["in"] == "path")),
            secured: operation.get("security").is_some(),
        }
    }

    /// Every code that the operation can answer with.
    fn codes(&self) -> Vec<ErrorCode> {
        let mut codes = vec![
            ErrorCode::UnsupportedMediaType,
            ErrorCode::ValidationFailed,
            ErrorCode::InternalError,
        ];
        if self.has_body {
            codes.extend([ErrorCode::MalformedRequest, ErrorCode::PayloadTooLarge]);
        }
        if self.has_path_id {
            codes.push(ErrorCode::NotFound);
        }
        if self.secured {
            codes.extend([ErrorCode::NotAuthenticated, ErrorCode::InvalidToken]);
        }
        match self.id.as_str() {
            "register" => codes.push(ErrorCode::EmailTaken),
            "login" => codes.push(ErrorCode::InvalidCredentials),
            _ => {}
        }
        if self.id != "getLiveness" {
            codes.push(ErrorCode::Unavailable);
        }
        codes
    }
}

/// The examples of the shapes, by reference.
fn examples(document: &mut Value) -> Map<String, Value> {
    let schemas = member(document, &["components", "schemas"]);
    schemas
        .iter()
        .filter_map(|(name, schema)| {
            let reference = format!("#/components/schemas/{name}");
            Some((reference, schema.get("example")?.clone()))
        })
        .collect()
}

/// Doc comments are wrapped for the reader of the source; the page wraps for itself.
fn complete_description(operation: &mut Value) {
    let description = operation["description"].as_str().unwrap_or_default();
    let summary = operation["summary"].as_str().unwrap_or_default();
    let text = match description.replace("\n ", " ").replace('\n', " ") {
        text if text.is_empty() => format!("{summary}."),
        text => text,
    };
    operation["description"] = json!(text);
}

fn complete_parameters(operation: &mut Value) {
    let Some(parameters) = operation["parameters"].as_array_mut() else {
        if let Value::Object(members) = operation {
            members.remove("parameters");
        }
        return;
    };
    for parameter in parameters {
        let completion = match parameter["name"].as_str() {
            Some("id") => json!({
                "schema": schemas::id(),
                "example": 7,
                "description": "Id of the task. One that is not yours is 404, like one that does not exist.",
            }),
            Some("limit") => json!({
                "schema": { "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT },
                "description": "How many items a page has.",
            }),
            Some("cursor") => json!({
                "schema": { "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$" },
                "description": "Where the page begins: opaque, from the Link of the page before. One that this list did not give is 422.",
            }),
            _ => continue,
        };
        merge(parameter, completion);
    }
}

fn complete_body(operation: &mut Value, facts: &Facts, examples: &Map<String, Value>) {
    if !facts.has_body {
        return;
    }
    let body = member(operation, &["requestBody"]);
    let mut collected = body.remove("content").unwrap_or_default();
    let Some(content) = collected.get_mut(JSON) else {
        return;
    };
    add_example(content, examples);
    let media_types: &[&str] = match (facts.id.as_str(), facts.method.as_str()) {
        ("login", _) => &[URLENCODED, MULTIPART],
        (_, "patch") => &[JSON, MERGE_PATCH],
        _ => &[JSON],
    };
    let contents = media_types
        .iter()
        .map(|media_type| ((*media_type).to_owned(), content.clone()));
    body.insert("content".to_owned(), Value::Object(contents.collect()));
}

fn complete_successes(operation: &mut Value, facts: &Facts, examples: &Map<String, Value>) {
    for (status, response) in member(operation, &["responses"]) {
        let mut names = vec!["X-Request-Id", "Cache-Control"];
        if status == "201" {
            names.push("Location");
        }
        if facts.id == "listTasks" {
            names.push("Link");
        }
        response["headers"] = header_references(&names);
        if let Some(content) = response.pointer_mut("/content/application~1json") {
            add_example(content, examples);
        }
    }
}

/// One response a status, with all the codes that share it.
fn complete_failures(operation: &mut Value, facts: &Facts) {
    let mut by_status: BTreeMap<String, Vec<ErrorCode>> = BTreeMap::new();
    for code in facts.codes() {
        let status = code.status().as_str().to_owned();
        by_status.entry(status).or_default().push(code);
    }
    let responses = member(operation, &["responses"]);
    for (status, codes) in by_status {
        responses.insert(status, problem_response(&codes));
    }
}

/// Puts the shape's example beside its reference; an array's is one item long.
fn add_example(content: &mut Value, examples: &Map<String, Value>) {
    let found = |schema: &Value| examples.get(schema["$ref"].as_str()?).cloned();
    let schema = &content["schema"];
    let example = found(schema).or_else(|| found(&schema["items"]).map(|item| json!([item])));
    if let Some(example) = example {
        content["example"] = example;
    }
}
