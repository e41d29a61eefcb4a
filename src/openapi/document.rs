//! The document as a whole.

use actix_web::App;
use paperclip::actix::OpenApiExt;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{
    headers, operations, problems,
    shared::{self, Shared},
};
use crate::{config::settings::PublicUrl, error::problem, routes};

const DESCRIPTION: &str = include_str!("description.md");

/// Completes what paperclip collected; its addresses are those of a service at `public_url`. Everything stands in the order
/// in which it is declared.
pub fn complete(collected: &Value, public_url: &PublicUrl) -> Value {
    let problems_page = public_url.at(problem::PAGE);
    let mut schemas = SchemaSettings::openapi3().for_serialize().into_generator();
    let mut shared = Shared::new(&problems_page);
    let mut paths = operations::paths(&collected["paths"], &mut schemas, &mut shared);
    let parameters = shared::take_parameters(&mut paths);
    let mut schemas = schemas.take_definitions(true);
    schemas.extend(problems::schemas());
    let tags = routes::TAGS
        .iter()
        .map(|(name, description)| json!({ "name": name, "description": description }));
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Task Management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION.trim_end().replace("{docs}", &public_url.at("/docs")),
            "contact": { "name": "The maintainers of task-api" },
            "license": { "name": "MIT", "url": "https://opensource.org/license/mit" },
        },
        "servers": [{ "url": public_url.root(), "description": "This service" }],
        "tags": tags.collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": parameters,
            "responses": shared.responses,
            "headers": headers::all(public_url),
            "securitySchemes": security_schemes(public_url),
        },
    })
}

fn security_schemes(public_url: &PublicUrl) -> Value {
    json!({
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
    })
}

/// The JSON of `GET /openapi.json`, byte for byte, of a service without a public URL. It is made from the routes alone:
/// there are no settings, no database and no server behind it.
pub fn json() -> String {
    let mut json = String::new();
    App::new()
        .wrap_api()
        .configure(routes::configure)
        .with_raw_json_spec_v3(|app, collected| {
            json = complete(&collected, PublicUrl::NONE).to_string();
            app
        })
        .build();
    json
}
