//! The document as a service answers with it.

use actix_web::App;
use paperclip::actix::OpenApiExt;

use super::document;
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
