//! From what paperclip collects to the served OpenAPI document.
//!
//! paperclip knows the paths and, of each operation, its id, tags and doc comment. The handlers' signatures say the rest
//! ([`Describe`](crate::controllers::describe::Describe)), the types of values their own bounds, and the table of routes
//! what an operation asks of the token and how it fails. Here stands what is about the document as a whole
//! ([`document`]), and how it is all put together: [`operations`], [`headers`], [`problems`].

pub mod document;
pub mod headers;
pub mod operations;
pub mod problems;

use actix_web::App;
use paperclip::actix::OpenApiExt;

pub use document::complete;

use crate::routes;

/// The JSON of `GET /openapi.json`, byte for byte, from the routes alone: there are no settings, no database
/// and no server behind it.
pub fn json() -> String {
    let mut json = String::new();
    App::new()
        .wrap_api()
        .configure(routes::configure)
        .with_raw_json_spec_v3(|app, collected| {
            json = document::complete(collected).to_string();
            app
        })
        .build();
    json
}
