//! The document as a whole.

use actix_web::App;
use paperclip::actix::OpenApiExt;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{headers, operations, problems};
use crate::routes;

const DESCRIPTION: &str = include_str!("description.md");

/// Completes what paperclip collected.
pub fn complete(mut collected: Value) -> Value {
    let document = &mut collected;
    document["openapi"] = "3.0.3".into();
    document["info"] = json!({
        "title": "Task Management API",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION.trim_end(),
        "license": { "name": "MIT" },
    });
    document["servers"] = json!([{ "url": "/", "description": "This host" }]);
    document["tags"] = routes::TAGS
        .iter()
        .map(|(name, description)| json!({ "name": name, "description": description }))
        .collect();
    let mut schemas = SchemaSettings::openapi3().for_serialize().into_generator();
    operations::complete(&mut document["paths"], &mut schemas);
    let mut schemas = schemas.take_definitions(true);
    schemas.extend(problems::schemas());
    document["components"] = json!({
        "schemas": schemas,
        "headers": headers::all(),
        "securitySchemes": {
            "oauth2": {
                "type": "oauth2",
                "description": "Log in with e-mail (as username) and password.",
                "flows": { "password": { "tokenUrl": "/auth/login", "scopes": {} } },
            },
            "bearerAuth": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT or tma_…",
                "description": "Paste an access token or a personal access token.",
            },
        },
    });
    collected
}

/// The JSON of `GET /openapi.json`, byte for byte, from the routes alone: there are no settings, no database
/// and no server behind it.
pub fn json() -> String {
    let mut json = String::new();
    App::new()
        .wrap_api()
        .configure(routes::configure)
        .with_raw_json_spec_v3(|app, collected| {
            json = complete(collected).to_string();
            app
        })
        .build();
    json
}
