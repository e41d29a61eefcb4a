//! The document as a whole.

use actix_web::App;
use paperclip::actix::OpenApiExt;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{headers, operations, problems, samples};
use crate::{config::settings::PublicUrl, error::problem, routes};

const DESCRIPTION: &str = include_str!("description.md");

/// Completes what paperclip collected; its addresses are those of a service at `public_url`.
pub fn complete(mut collected: Value, public_url: &PublicUrl) -> Value {
    let problems_page = public_url.at(problem::PAGE);
    let document = &mut collected;
    document["openapi"] = "3.0.3".into();
    document["info"] = json!({
        "title": "Task Management API",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION.trim_end().replace("{docs}", &public_url.at("/docs")),
        "license": { "name": "MIT" },
    });
    document["servers"] = json!([{ "url": public_url.root(), "description": "This service" }]);
    document["tags"] = routes::TAGS
        .iter()
        .map(|(name, description)| json!({ "name": name, "description": description }))
        .collect();
    let mut schemas = SchemaSettings::openapi3().for_serialize().into_generator();
    operations::complete(&mut document["paths"], &mut schemas, &problems_page);
    samples::add(&mut document["paths"], public_url.root());
    let mut schemas = schemas.take_definitions(true);
    schemas.extend(problems::schemas());
    document["components"] = json!({
        "schemas": schemas,
        "headers": headers::all(public_url),
        "securitySchemes": {
            "oauth2": {
                "type": "oauth2",
                "description": "Log in with e-mail (as username) and password.",
                "flows": { "password": { "tokenUrl": public_url.at("/auth/login"), "scopes": {} } },
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

/// The JSON of `GET /openapi.json`, byte for byte, of a service without a public URL. It is made from the routes alone:
/// there are no settings, no database and no server behind it.
pub fn json() -> String {
    let mut json = String::new();
    App::new()
        .wrap_api()
        .configure(routes::configure)
        .with_raw_json_spec_v3(|app, collected| {
            json = complete(collected, PublicUrl::NONE).to_string();
            app
        })
        .build();
    json
}
