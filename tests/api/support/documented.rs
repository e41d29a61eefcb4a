//! The OpenAPI document as the tests use it: [`check`] holds every answer that any test gets against
//! it, and [`Schema`] says what it allows.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use actix_web::{App, web::Data};
use paperclip::actix::OpenApiExt;
use reqwest::Method;
use serde_json::{Value, json};
use task_api::{config::settings::PublicUrl, openapi, routes};

use super::answer::Answer;

/// The document that every server of this build serves.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let kept = Arc::new(Mutex::new(Value::Null));
    let seen = kept.clone();
    // Collected as `startup` does it, but without a server.
    let app = App::new().wrap_api().configure(routes::configure);
    let app = app.with_raw_json_spec_v3(move |app, collected| {
        *seen.lock().unwrap() = openapi::complete(&collected, PublicUrl::NONE);
        app.app_data(Data::new(()))
    });
    drop(app.build());
    let document = kept.lock().unwrap().take();
    assert!(document.is_object(), "nothing was collected");
    document
});

pub fn document() -> &'static Value {
    &DOCUMENT
}

/// A schema of the document, with formats and all.
pub struct Schema(jsonschema::Validator);

impl Schema {
    pub fn new(schema: &Value) -> Self {
        let mut whole = schema.clone();
        whole["components"]["schemas"] = document()["components"]["schemas"].clone();
        allow_nulls(&mut whole);
        let options = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true);
        Self(options.build(&whole).expect("a schema"))
    }

    pub fn named(name: &str) -> Self {
        Self::new(&json!({ "$ref": format!("#/components/schemas/{name}") }))
    }

    pub fn allows(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }

    pub fn faults(&self, value: &Value) -> Vec<String> {
        let errors = self.0.iter_errors(value);
        errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }
}

/// Turns OpenAPI 3.0's `nullable` into what JSON Schema says for it.
fn allow_nulls(value: &mut Value) {
    if value["nullable"] == json!(true) {
        value["type"] = json!([value["type"], "null"]);
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(allow_nulls),
        Value::Array(items) => items.iter_mut().for_each(allow_nulls),
        _ => {}
    }
}

/// What `value` refers to, or itself.
pub fn resolve(value: &'static Value) -> &'static Value {
    let Some(reference) = value["$ref"].as_str() else {
        return value;
    };
    let target = document().pointer(reference.trim_start_matches('#'));
    target.expect(reference)
}

/// The parameters of an operation.
pub fn parameters(operation: &'static Value) -> impl Iterator<Item = &'static Value> {
    let parameters = operation["parameters"].as_array();
    parameters.into_iter().flatten().map(resolve)
}

/// The document's `parameters` entry of an operation.
pub fn parameter(path: &str, method: &str, name: &str) -> &'static Value {
    let found = parameters(&document()["paths"][path][method]).find(|p| p["name"] == name);
    found.unwrap_or_else(|| panic!("{method} {path}: {name}"))
}

/// Every operation with its method and path.
pub fn operations() -> impl Iterator<Item = (String, &'static Value)> {
    let paths = document()["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter()
            .map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// A parameter of the query of a list.
pub fn query(path: &str, name: &str) -> &'static Value {
    let found = parameters(&document()["paths"][path]["get"]).find(|p| p["name"] == name);
    found.unwrap_or_else(|| panic!("{name}"))
}

/// Shows `see` the value and all that is in it.
pub fn for_each(value: &mut Value, see: &mut impl FnMut(&mut Value)) {
    see(value);
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| for_each(value, see)),
        Value::Array(items) => items.iter_mut().for_each(|value| for_each(value, see)),
        _ => {}
    }
}

/// Whether an operation asks for credentials.
pub fn is_secured(operation: &Value) -> bool {
    let alternatives = operation["security"].as_array();
    !alternatives.expect("it says so").is_empty()
}

/// Fails if an operation's answer has a status, a header or a shape that the document does not have.
#[track_caller]
pub fn check(method: &Method, target: &str, answer: &Answer) {
    let faults = faults(method, target, answer);
    assert!(
        faults.is_empty(),
        "{method} {target}: {faults:#?}\n{answer:?}"
    );
}

/// What an operation's answer has that the document does not have, and the other way round.
pub fn faults(method: &Method, target: &str, answer: &Answer) -> Vec<String> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let Some(operation) = operation(method, path) else {
        return Vec::new();
    };
    let status = answer.status.as_str();
    let response = resolve(&operation["responses"][status]);
    if !response.is_object() {
        return vec![format!("{status} is not documented")];
    }
    // One resource with members that follow from others has no entity tag; all other answers that may have one do.
    let computed = query.contains("include_computed=true");
    let mut faults = faults_of_headers(&response["headers"], answer, computed);
    let content = response["content"].as_object();
    let content = content.and_then(|content| content.iter().next());
    match content.filter(|_| method != Method::HEAD) {
        None if answer.body.is_empty() => {}
        None => faults.push(format!("{status} has a body")),
        Some((media_type, content)) => {
            if answer.header("content-type") != Some(media_type) {
                faults.push(format!("it is no {media_type}"));
            }
            faults.extend(of_answers(&content["schema"]).faults(&answer.json()));
        }
    }
    faults
}

/// The schema, made once: every answer of every test comes by.
fn of_answers(schema: &Value) -> Arc<Schema> {
    static MADE: LazyLock<Mutex<HashMap<String, Arc<Schema>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap();
    let schema = made
        .entry(schema.to_string())
        .or_insert_with(|| Arc::new(Schema::new(schema)));
    schema.clone()
}

/// Headers that mean something to this API, beside those that every answer has.
const MEANINGFUL: [&str; 12] = [
    "ETag",
    "Link",
    "Location",
    "X-Total-Count",
    "Idempotency-Replayed",
    "WWW-Authenticate",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Accept",
    "Accept-Encoding",
    "Accept-Patch",
];

fn faults_of_headers(documented: &'static Value, answer: &Answer, computed: bool) -> Vec<String> {
    let is_required =
        |name: &str, header| resolve(header)["required"] == true || (name == "ETag" && !computed);
    let required = documented.as_object().into_iter().flatten();
    let missing = required
        .filter(|(name, reference)| is_required(name, reference) && answer.header(name).is_none())
        .map(|(name, _)| format!("no {name}"));
    let surplus = MEANINGFUL
        .iter()
        .filter(|name| documented.get(name).is_none() && answer.header(name).is_some())
        .map(|name| format!("{name} is not documented"));
    missing.chain(surplus).collect()
}

/// The operation that a request is for, if it is for one.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let method = match method.as_str() {
        "HEAD" => "get".to_owned(),
        other => other.to_lowercase(),
    };
    let path = path.strip_suffix('/').unwrap_or(path);
    let fits = |template: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template
                .zip(path)
                .all(|(part, given)| part == given || part.starts_with('{') && !given.is_empty())
    };
    let paths = document()["paths"].as_object()?;
    // A path without a variable is meant before one with.
    let (_, item) = paths
        .iter()
        .filter(|(template, _)| fits(template))
        .min_by_key(|(template, _)| template.matches('{').count())?;
    item.get(&method)
}
