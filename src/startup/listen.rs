//! Listening to clients.

use std::net::{SocketAddr, TcpListener};

use actix_cors::Cors;
use actix_web::{
    App,
    dev::{Extensions, Server},
    middleware::{Condition, from_fn},
    web::Data,
};
use paperclip::actix::OpenApiExt;

use super::{application::StartError, bind::bind, http_server};
use crate::{
    config::settings::ServerSettings,
    middleware::{
        exchange::exchange, headers::headers, observe::observe, origins::origins,
        problems::problems,
    },
    openapi, routes,
    state::AppState,
    telemetry::http::Counted,
};

/// Accepts connections, which are served once the server is awaited. Signals are the caller's matter.
pub fn listen(
    settings: &ServerSettings,
    state: Data<AppState>,
) -> Result<(Server, Vec<SocketAddr>), StartError> {
    let listeners = bind(&settings.host, settings.port)?;
    let addresses = listeners.iter().map(TcpListener::local_addr);
    let addresses = addresses
        .collect::<Result<_, _>>()
        .map_err(StartError::Serve)?;
    let connections = state.metrics.http.connections.clone();
    let allowed = settings.cors_origins.clone();
    let public_url = settings.public_url.clone();
    let count = move |data: &mut Extensions| {
        data.insert(Counted::new(&connections));
    };
    let server = http_server::serve(listeners, settings, count, move || {
        // The last wrap is the outermost: a request passes this list from its end to its begin.
        App::new()
            .app_data(state.clone())
            .wrap(Condition::new(!allowed.is_empty(), cors(&allowed)))
            .wrap(from_fn(origins))
            .wrap(from_fn(headers))
            .wrap(from_fn(problems))
            .wrap(from_fn(observe))
            .wrap(from_fn(exchange))
            .wrap_api()
            .configure(routes::configure)
            .with_raw_json_spec_v3(|app, collected| {
                // Every worker has the same routes, and so the same document.
                let complete = || openapi::complete(&collected, &public_url).to_string();
                state.document.get_or_init(complete);
                app
            })
            .build()
    });
    Ok((server.map_err(StartError::Serve)?, addresses))
}

/// Lets browsers call from `origins` (the Fetch standard's CORS protocol) with any headers, such as those of tracing, and
/// read the ones that this API gives.
fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PATCH", "DELETE"])
        .allow_any_header()
        .expose_headers([
            "Accept",
            "Accept-Encoding",
            "Accept-Patch",
            "Allow",
            "ETag",
            "Idempotency-Replayed",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "WWW-Authenticate",
            "X-Request-Id",
            "X-Total-Count",
        ])
        .max_age(3600);
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}
