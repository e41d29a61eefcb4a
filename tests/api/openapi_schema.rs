//! `/openapi.json`: it keeps the published schema of OpenAPI, and says all that it must.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::send,
        documented::{self, Schema},
    },
};

cases![
    the_document_keeps_the_published_schema,
    every_reference_resolves,
    every_operation_is_described,
    every_operation_says_whether_it_needs_a_token,
    every_json_body_is_closed,
    every_response_is_described,
    every_example_keeps_its_schema,
];

/// Origin and licence: the README beside it.
const OPENAPI_3_0: &str = include_str!("../fixtures/openapi/schema-3.0-2021-09-28.json");

const PROBLEM: &str = "application/problem+json";

async fn the_document_keeps_the_published_schema(app: TestApp) {
    let schema = serde_json::from_str(OPENAPI_3_0).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document = document(&app).await;
    let faults = faults(&validator, &document);
    assert!(faults.is_empty(), "{faults:#?}");
    // The check can fail.
    for (place, broken) in [
        ("/info/title", json!(1)),
        ("/paths/~1tasks/get/responses", json!({})),
        ("/components/parameters/Limit/in", json!("nowhere")),
        ("/paths/~1tasks/post/requestBody", json!({})),
        ("/components/schemas/Task/type", json!("null")),
        ("/components/schemas/Task/nulable", json!(true)),
        (
            "/components/securitySchemes/bearerAuth",
            json!({ "type": "http" }),
        ),
    ] {
        let mut document = document.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        document.pointer_mut(parent).expect(place)[name] = broken;
        assert!(!validator.is_valid(&document), "{place}");
    }
}

async fn every_reference_resolves(app: TestApp) {
    let document = document(&app).await;
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let target = reference
            .strip_prefix('#')
            .and_then(|p| document.pointer(p));
        assert!(target.is_some(), "{reference}");
    }
}

async fn every_operation_is_described(app: TestApp) {
    let document = document(&app).await;
    let tags: Vec<&Value> = items(&document["tags"]).map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for Operation { name, value, .. } in operations(&document) {
        for member in ["summary", "description", "operationId"] {
            let text = value[member].as_str().unwrap_or_default();
            assert!(!text.trim().is_empty(), "{name}: {member}");
        }
        assert!(
            ids.insert(value["operationId"].as_str()),
            "{name}: operationId"
        );
        assert!(items(&value["tags"]).next().is_some(), "{name}: no tag");
        assert!(
            items(&value["tags"]).all(|tag| tags.contains(&tag)),
            "{name}: tags"
        );
        for parameter in items(&value["parameters"]) {
            let parameter = resolve(&document, parameter);
            for member in ["description", "example"] {
                assert!(parameter.get(member).is_some(), "{name}: {parameter}");
            }
        }
        for (place, content) in contents(&document, value) {
            let count = examples(&document, content).len();
            assert!(count > 0, "{name} {place}: no example");
        }
    }
}

async fn every_operation_says_whether_it_needs_a_token(app: TestApp) {
    let document = document(&app).await;
    let schemes = members(&document["components"]["securitySchemes"]);
    let schemes: BTreeSet<&str> = schemes.map(|(name, _)| name).collect();
    assert!(schemes.contains("bearerAuth"), "{schemes:?}");
    for Operation {
        name,
        method,
        path,
        value,
    } in operations(&document)
    {
        let method: Method = method.to_uppercase().parse().unwrap();
        let request = app
            .anonymous()
            .request(method, &path.replace(['{', '}'], ""));
        let answer = send(request).await;
        let refused = answer.header("www-authenticate").is_some();
        let alternatives: Vec<&Value> = items(&value["security"]).collect();
        assert_eq!(!alternatives.is_empty(), refused, "{name}: {answer:?}");
        assert_eq!(
            value["responses"].get("401").is_some(),
            refused || ["/auth/login", "/auth/refresh"].contains(&path),
            "{name}"
        );
        for alternative in alternatives {
            assert!(
                members(alternative).next().is_some(),
                "{name}: no scheme, which allows anyone"
            );
            assert!(
                members(alternative).all(|(scheme, _)| schemes.contains(scheme)),
                "{name}"
            );
        }
    }
}

async fn every_json_body_is_closed(app: TestApp) {
    let document = document(&app).await;
    for Operation { name, value, .. } in operations(&document) {
        for (media_type, content) in members(&value["requestBody"]["content"]) {
            // RFC 6749 section 3.2: unknown members of an OAuth2 form are ignored.
            let closed = media_type.ends_with("json");
            let mut objects = Vec::new();
            collect_objects(&document, &content["schema"], &mut objects);
            assert!(!objects.is_empty(), "{name}: {media_type}");
            for schema in objects {
                let says_so = schema["additionalProperties"] == json!(false);
                assert_eq!(says_so, closed, "{name}: {media_type}: {schema}");
            }
        }
    }
}

async fn every_response_is_described(app: TestApp) {
    let document = document(&app).await;
    for Operation { name, value, .. } in operations(&document) {
        for (status, response) in members(&value["responses"]) {
            let response = resolve(&document, response);
            let description = response["description"].as_str().unwrap_or_default();
            assert!(
                !description.trim().is_empty(),
                "{name} {status}: description"
            );
            assert!(
                response["headers"].get("X-Request-Id").is_some(),
                "{name} {status}: headers"
            );
            let media_types: Vec<&str> = members(&response["content"])
                .map(|(name, _)| name)
                .collect();
            let expected: &[&str] = match status {
                "204" | "304" => &[],
                _ if status < "400" => &["application/json"],
                _ => &[PROBLEM],
            };
            assert_eq!(media_types, expected, "{name} {status}");
            for (_, content) in members(&response["content"]) {
                assert!(content["schema"].is_object(), "{name} {status}: schema");
            }
        }
        assert!(value["responses"].get("500").is_some(), "{name}: 500");
    }
}

async fn every_example_keeps_its_schema(app: TestApp) {
    let document = document(&app).await;
    for Operation { name, value, .. } in operations(&document) {
        for (place, content) in contents(&document, value) {
            let schema = Schema::new(&content["schema"]);
            for example in examples(&document, content) {
                let faults = schema.faults(&example);
                assert!(faults.is_empty(), "{name} {place}: {faults:#?}");
            }
        }
        for parameter in items(&value["parameters"]) {
            let parameter = resolve(&document, parameter);
            let schema = Schema::new(&parameter["schema"]);
            assert!(schema.allows(&parameter["example"]), "{name}: {parameter}");
        }
    }
}

async fn document(app: &TestApp) -> Value {
    let answer = app.anonymous().get("/openapi.json").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.json();
    // Every answer of every test is held against it.
    assert!(document == *documented::document());
    document
}

struct Operation<'a> {
    name: String,
    method: &'a str,
    path: &'a str,
    value: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = members(&document["paths"]);
    let operations = paths.flat_map(|(path, item)| {
        members(item).map(move |(method, value)| Operation {
            name: format!("{method} {path}"),
            method,
            path,
            value,
        })
    });
    let operations: Vec<_> = operations.collect();
    assert!(!operations.is_empty());
    operations
}

/// What an operation takes and answers, with the place where it stands.
fn contents<'a>(document: &'a Value, operation: &'a Value) -> Vec<(String, &'a Value)> {
    let taken = members(&operation["requestBody"]["content"]);
    let taken = taken.map(|(media_type, content)| (format!("takes {media_type}"), content));
    let answers = members(&operation["responses"]);
    let answered = answers.flat_map(|(status, response)| {
        let content = members(&resolve(document, response)["content"]);
        content
            .map(move |(media_type, content)| (format!("answers {status} {media_type}"), content))
    });
    taken.chain(answered).collect()
}

/// The examples of some content, or that of its schema; that of an array is one item long.
fn examples(document: &Value, content: &Value) -> Vec<Value> {
    let of = |schema: &Value| resolve(document, schema).get("example").cloned();
    let schema = &content["schema"];
    let inherited = of(schema).or_else(|| Some(json!([of(&schema["items"])?])));
    let one = content.get("example").cloned();
    let named = members(&content["examples"]).map(|(_, example)| example["value"].clone());
    let own: Vec<Value> = one.into_iter().chain(named).collect();
    if own.is_empty() {
        inherited.into_iter().collect()
    } else {
        own
    }
}

fn faults(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document
            .pointer(reference.trim_start_matches('#'))
            .expect(reference),
        None => value,
    }
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    if let Some(reference) = value["$ref"].as_str() {
        found.insert(reference.to_owned());
    }
    let members = members(value).map(|(_, member)| member);
    members
        .chain(items(value))
        .for_each(|value| collect_references(value, found));
}

/// The schemas of objects in `schema`, whatever they are nested in.
fn collect_objects<'a>(document: &'a Value, schema: &'a Value, found: &mut Vec<&'a Value>) {
    let schema = resolve(document, schema);
    if schema["type"] == "object" {
        found.push(schema);
    }
    let parts = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .flat_map(|part| items(&schema[part]));
    let properties = members(&schema["properties"]).map(|(_, property)| property);
    let inner = parts.chain(properties).chain(schema.get("items"));
    inner.for_each(|inner| collect_objects(document, inner, found));
}

/// The members of an object; none of anything else.
fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, member)| (name.as_str(), member))
}

/// The items of an array; none of anything else.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
