//! The operations: what paperclip collects of each, joined with what the table of routes and the signature of its
//! handler say.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::{headers, problems};
use crate::{
    controllers::describe::Description,
    error::code::ErrorCode,
    models::permission::Permission,
    routes::{self, Operation},
};

/// Completes every operation of `paths`; `schemas` get those of its bodies and answers. `page` stands in the examples
/// of problems.
pub fn complete(paths: &mut Value, schemas: &mut SchemaGenerator, page: &str) {
    for operation in routes::operations() {
        let method = operation.method.as_str().to_lowercase();
        // Pages for people are not collected.
        if let Some(collected) = paths
            .get_mut(operation.path)
            .and_then(|path| path.get_mut(&method))
        {
            let description = operation.description(schemas);
            join(collected, &operation, description, page);
        }
    }
}

fn join(collected: &mut Value, operation: &Operation, description: Description<'_>, page: &str) {
    collected["description"] = text(collected, operation.permission).into();
    collected["responses"] = responses(operation, &description, page);
    let Some(members) = collected.as_object_mut() else {
        return;
    };
    members.remove("parameters");
    if !description.parameters.is_empty() {
        members.insert("parameters".to_owned(), description.parameters.into());
    }
    if let Some(body) = description.body {
        members.insert("requestBody".to_owned(), body);
    }
    if operation.permission != Permission::Public {
        // Either will do: the one logs in, the other takes a token.
        let schemes = json!([{ "oauth2": [] }, { "bearerAuth": [] }]);
        members.insert("security".to_owned(), schemes);
    }
}

/// Doc comments are wrapped for the reader of the source; the page wraps for itself.
fn text(collected: &Value, permission: Permission) -> String {
    let description = collected["description"].as_str().unwrap_or_default();
    let text = description.replace("\n ", " ").replace('\n', " ");
    let needed = match permission {
        Permission::Public => return text,
        Permission::AnyToken => "Any token will do.",
        Permission::Session => "Only for an access token: a personal access token gets 403.",
        Permission::Scope(scope) => {
            let scope = scope.as_str();
            &format!("A personal access token needs the scope `{scope}`.")
        }
    };
    format!("{text} {needed}")
}

fn responses(operation: &Operation, description: &Description<'_>, page: &str) -> Value {
    let headers = headers::references(&description.headers);
    let mut responses = Map::new();
    let mut answer = |status: StatusCode, description: &str, content: Option<&Value>| {
        let mut response = Map::new();
        response.insert("description".to_owned(), description.into());
        response.insert("headers".to_owned(), headers.clone());
        if let Some(content) = content {
            let content = json!({ "application/json": content });
            response.insert("content".to_owned(), content);
        }
        responses.insert(status.as_str().to_owned(), response.into());
    };
    if let Some((status, content)) = &description.success {
        let reason = status.canonical_reason().unwrap_or_default();
        answer(*status, reason, content.as_ref());
    }
    if description.is_conditional {
        let text = "Not Modified: If-None-Match holds the ETag of what would be sent";
        answer(StatusCode::NOT_MODIFIED, text, None);
    }
    // One response a status, with all the codes that share it.
    let mut by_status: BTreeMap<String, Vec<ErrorCode>> = BTreeMap::new();
    let can_fail = |code: &ErrorCode| fails(operation, description, *code);
    for code in ErrorCode::ALL.iter().copied().filter(can_fail) {
        let status = code.status().as_str().to_owned();
        by_status.entry(status).or_default().push(code);
    }
    for (status, codes) in by_status {
        responses.insert(status, problems::response(&codes, description, page));
    }
    responses.into()
}

/// Whether the operation can answer with `code`.
fn fails(operation: &Operation, description: &Description<'_>, code: ErrorCode) -> bool {
    let permission = operation.permission;
    match code {
        ErrorCode::ValidationFailed
        | ErrorCode::UnsupportedMediaType
        | ErrorCode::OriginNotAllowed
        | ErrorCode::InternalError => true,
        // The token is looked up in the database.
        ErrorCode::NotAuthenticated | ErrorCode::InvalidToken | ErrorCode::Unavailable
            if permission != Permission::Public =>
        {
            true
        }
        ErrorCode::InsufficientScope => {
            !matches!(permission, Permission::Public | Permission::AnyToken)
        }
        code => operation.errors.contains(&code) || description.errors.contains(&code),
    }
}
