//! What operations have in common, and refer to: responses without content of their own, and parameters.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::{headers, problems};
use crate::{
    controllers::describe::{Current, Description},
    error::code::ErrorCode,
};

/// Responses by name.
pub struct Shared<'a> {
    /// The address of the page that explains the codes.
    page: &'a str,
    pub responses: Map<String, Value>,
}

impl<'a> Shared<'a> {
    pub fn new(page: &'a str) -> Self {
        Self {
            page,
            responses: Map::new(),
        }
    }

    /// A reference to the failure of one status, which has one of `codes`.
    pub fn failure(&mut self, codes: &[ErrorCode], description: &Description<'_>) -> Value {
        let response = problems::response(codes, description, self.page);
        self.response(failure_name(codes, description), response)
    }

    /// A reference to a response without content, called after its `headers` too.
    pub fn bare(&mut self, name: &str, description: &str, headers: &[&str]) -> Value {
        let response = json!({
            "description": description,
            "headers": headers::references(headers),
        });
        let name = format!("{name}{}", headers.concat().replace('-', ""));
        self.response(name, response)
    }

    fn response(&mut self, name: String, response: Value) -> Value {
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        self.responses.insert(name, response);
        reference
    }
}

/// After its codes and what else makes it differ.
fn failure_name(codes: &[ErrorCode], description: &Description<'_>) -> String {
    let variant = if codes.contains(&ErrorCode::ValidationFailed) {
        description.invalid.0
    } else if codes == [ErrorCode::VersionMismatch] && description.current == Current::Project {
        "Project"
    } else if !codes.contains(&ErrorCode::UnsupportedMediaType) || description.body.is_none() {
        ""
    } else if *description.method == Method::PATCH {
        "Patch"
    } else {
        "Body"
    };
    let name = match codes {
        // What nearly all have.
        [ErrorCode::NotAuthenticated, ErrorCode::InvalidToken] => "Unauthorized".to_owned(),
        [ErrorCode::InsufficientScope, ErrorCode::OriginNotAllowed] => "Forbidden".to_owned(),
        _ => {
            let words = codes.iter().map(|code| pascal_case(code.as_str()));
            words.collect::<Vec<_>>().join("Or")
        }
    };
    format!("{variant}{name}")
}

fn pascal_case(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_uppercase() + rest
    });
    words.collect()
}

/// Takes the parameters that several operations have out of `paths`, which then refer to them.
pub fn take_parameters(paths: &mut Value) -> Map<String, Value> {
    let mut seen: Vec<Value> = Vec::new();
    let mut shared = Map::new();
    for_each_parameter(paths, |parameter| {
        if seen.contains(parameter) {
            let name = parameter["name"].as_str().unwrap_or_default();
            let name = pascal_case(&name.replace('-', "_"));
            shared.entry(name).or_insert_with(|| parameter.clone());
        }
        seen.push(parameter.clone());
    });
    for_each_parameter(paths, |parameter| {
        if let Some((name, _)) = shared.iter().find(|(_, shared)| *shared == parameter) {
            *parameter = json!({ "$ref": format!("#/components/parameters/{name}") });
        }
    });
    shared
}

fn for_each_parameter(paths: &mut Value, mut f: impl FnMut(&mut Value)) {
    let paths = paths.as_object_mut().into_iter().flatten();
    let operations = paths.flat_map(|(_, path)| path.as_object_mut().into_iter().flatten());
    for (_, operation) in operations {
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        parameters.into_iter().flatten().for_each(&mut f);
    }
}
