//! The operations: what paperclip collects of each, joined with what the table of routes and the signature of its
//! handler say.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::{headers, shared::Shared};
use crate::{
    controllers::describe::Description,
    error::code::ErrorCode,
    models::permission::Permission,
    routes::{self, Operation},
};

/// The paths of the document, in the order of the table of routes, from those that were `collected`. `schemas` and `shared`
/// get what the operations refer to.
pub fn paths(collected: &Value, schemas: &mut SchemaGenerator, shared: &mut Shared<'_>) -> Value {
    let mut paths = Map::new();
    for operation in routes::operations() {
        let method = operation.method.as_str().to_lowercase();
        // Pages for people are not collected.
        if let Some(collected) = collected
            .get(operation.path)
            .and_then(|path| path.get(&method))
        {
            let id = collected["operationId"].as_str().unwrap_or_default();
            let description = operation.description(id, schemas);
            let joined = join(collected, &operation, description, shared);
            let path = paths.entry(operation.path).or_insert_with(|| json!({}));
            path[method] = joined;
        }
    }
    paths.into()
}

fn join(
    collected: &Value,
    operation: &Operation,
    description: Description<'_>,
    shared: &mut Shared<'_>,
) -> Value {
    let responses = responses(operation, &description, shared);
    let mut joined = Map::new();
    let mut add = |name: &str, value: Value| joined.insert(name.to_owned(), value);
    add("tags", collected["tags"].clone());
    add("summary", collected["summary"].clone());
    add("description", text(collected, operation.permission).into());
    add("operationId", collected["operationId"].clone());
    if !description.parameters.is_empty() {
        add("parameters", description.parameters.into());
    }
    if let Some(body) = description.body {
        add("requestBody", body);
    }
    add("responses", responses);
    let security = if operation.permission == Permission::Public {
        json!([])
    } else {
        // Either will do: the one logs in, the other takes a token.
        json!([{ "oauth2": [] }, { "bearerAuth": [] }])
    };
    add("security", security);
    joined.into()
}

/// Doc comments are wrapped for the reader of the source; the page wraps for itself.
fn text(collected: &Value, permission: Permission) -> String {
    let description = collected["description"].as_str().unwrap_or_default();
    let text = description.replace("\n ", " ").replace('\n', " ");
    let needed = match permission {
        Permission::Public => return text,
        Permission::AnyToken => "For any token.",
        Permission::Session => "Not for personal access tokens (403).",
        Permission::Scope(scope) => {
            let scope = scope.as_str();
            &format!("Scope: `{scope}`.")
        }
    };
    format!("{text} {needed}")
}

fn responses(
    operation: &Operation,
    description: &Description<'_>,
    shared: &mut Shared<'_>,
) -> Value {
    let mut responses = Map::new();
    if let Some((status, content)) = &description.success {
        let reason = status.canonical_reason().unwrap_or_default();
        let response = match content {
            Some(content) => json!({
                "description": reason,
                "headers": headers::references(&description.headers),
                "content": { "application/json": content },
            }),
            None => shared.bare("NoContent", reason, &description.headers),
        };
        responses.insert(status.as_str().to_owned(), response);
    }
    if description.is_conditional {
        let text = "Not Modified: If-None-Match holds the ETag of what would be sent";
        let response = shared.bare("NotModified", text, &description.headers);
        responses.insert(StatusCode::NOT_MODIFIED.as_str().to_owned(), response);
    }
    // One response a status, with all the codes that share it.
    let mut by_status: BTreeMap<String, Vec<ErrorCode>> = BTreeMap::new();
    let can_fail = |code: &ErrorCode| fails(operation, description, *code);
    for code in ErrorCode::ALL.iter().copied().filter(can_fail) {
        let status = code.status().as_str().to_owned();
        by_status.entry(status).or_default().push(code);
    }
    for (status, codes) in by_status {
        responses.insert(status, shared.failure(&codes, description));
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
