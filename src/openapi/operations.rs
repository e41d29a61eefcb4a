//! What each operation takes and answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    facts::Facts,
    headers,
    json::member,
    parameters,
    responses::{not_modified, problem_response},
    schemas::batch,
};
use crate::{
    access::Need,
    controllers::extract::{
        form::{MULTIPART, URLENCODED},
        json::{JSON, MERGE_PATCH},
    },
    error::code::ErrorCode,
};

/// Completes every operation of the document.
pub fn complete(document: &mut Value) {
    let examples = examples(document);
    for (path, item) in member(document, &["paths"]).iter_mut() {
        let Value::Object(item) = item else { continue };
        for (method, operation) in item.iter_mut() {
            let facts = Facts::of(method, path, operation);
            complete_description(operation, &facts);
            parameters::complete(operation);
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
fn complete_description(operation: &mut Value, facts: &Facts) {
    let description = operation["description"].as_str().unwrap_or_default();
    let summary = operation["summary"].as_str().unwrap_or_default();
    let text = match description.replace("\n ", " ").replace('\n', " ") {
        text if text.is_empty() => format!("{summary}."),
        text => text,
    };
    operation["description"] = match facts.need {
        None => json!(text),
        Some(need) => json!(format!("{text} {}", needed(need))),
    };
}

/// What the operation asks of the token.
fn needed(need: Need) -> String {
    match need {
        Need::Token => "Any token will do.".to_owned(),
        Need::Session => "Only for an access token: a personal access token gets 403.".to_owned(),
        Need::Scope(scope) => {
            let scope = scope.as_str();
            format!("A personal access token needs the scope `{scope}`.")
        }
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
    match facts.is_batch() {
        true => content["examples"] = batch::examples(),
        false => add_example(content, examples),
    }
    let media_types: &[&str] = match (facts.id.as_str(), facts.method.as_str()) {
        ("login" | "refresh", _) => &[URLENCODED, MULTIPART],
        (_, "patch") => &[JSON, MERGE_PATCH],
        _ => &[JSON],
    };
    let contents = media_types
        .iter()
        .map(|media_type| ((*media_type).to_owned(), content.clone()));
    body.insert("content".to_owned(), Value::Object(contents.collect()));
}

fn complete_successes(operation: &mut Value, facts: &Facts, examples: &Map<String, Value>) {
    let responses = member(operation, &["responses"]);
    for (status, response) in responses.iter_mut() {
        response["headers"] = headers::of_success(status, facts);
        if let Some(content) = response.pointer_mut("/content/application~1json") {
            add_example(content, examples);
        }
    }
    if facts.is_cacheable() {
        responses.insert("304".to_owned(), not_modified(facts));
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
        responses.insert(status, problem_response(&codes, facts));
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
