//! The document as a whole.

use actix_web::App;
use paperclip::actix::OpenApiExt;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{headers, operations, problems};
use crate::routes;

const DESCRIPTION: &str = "Register, log in and manage your own tasks; no one else can reach another's.

**Credentials.** `POST /auth/register`, then `POST /auth/login`, then send `Authorization: Bearer` with the access token. The Authorize button does the last two. Access tokens are short-lived: `POST /auth/refresh` exchanges the refresh token for a new pair. Programs use a personal access token (`POST /auth/tokens`) with the scopes that they need.

**Failures** are problem details (RFC 9457): `code` is for programs and never changes, see [the list](/docs/problems). A 422 names every fault at once.

**Input is strict**: an unknown member or query parameter, a repeated one, a wrong type or a value out of range is 422, and a body where none is taken is 415. Text is trimmed at both ends, and its length counts Unicode characters after that.

**Lists** come in pages of `limit` items. While there are more, `Link` holds the address of the next page as `rel=\"next\"`: follow it, and build no cursor of your own.

**Conditional requests** (RFC 9110 section 13). Answers with a task or a list have an `ETag`. Send it as `If-None-Match` to get 304 while nothing has changed, and as `If-Match` to change or delete only what you have seen: else the answer is 412, with the task as it is now.

**Requests that may be sent again.** Every POST, PATCH and DELETE on tasks, trash and labels takes an `Idempotency-Key`: with the same key, the same request has its effect once, and the first successful answer is given again with `Idempotency-Replayed: true`. Failures and dry runs are not kept.

**Everywhere**: HEAD is answered wherever GET is. A trailing slash is ignored. Times are RFC 3339 in UTC with six decimals; input may carry any offset. `X-Request-Id` is yours where it matches `[A-Za-z0-9._-]{1,64}`, else a new UUID, and stands in the server's log.";

/// Completes what paperclip collected.
pub fn complete(mut collected: Value) -> Value {
    let document = &mut collected;
    document["openapi"] = "3.0.3".into();
    document["info"] = json!({
        "title": "Task Management API",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION,
        "license": { "name": "MIT" },
    });
    document["servers"] = json!([{ "url": "/", "description": "This host" }]);
    document["tags"] = json!([
        { "name": "auth", "description": "Accounts, sessions and tokens." },
        { "name": "tasks", "description": "Your tasks, one by one, in lists and in batches." },
        { "name": "trash", "description": "Deleted tasks, until they are purged." },
        { "name": "labels", "description": "The labels of your tasks. A label comes with the first task that has it and goes with the last." },
        { "name": "health", "description": "For load balancers and operators." },
    ]);
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
