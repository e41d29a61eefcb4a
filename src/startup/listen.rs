//! Listening to clients.

use std::{any::Any, io, net::SocketAddr, time::Duration};

use actix_cors::Cors;
use actix_web::{
    App, HttpServer,
    dev::{Extensions, Server},
    middleware::{Condition, NormalizePath, from_fn},
    rt::net::TcpStream,
    web::{Bytes, Data},
};
use paperclip::actix::OpenApiExt;
#[cfg(target_os = "linux")]
use socket2::SockRef;

use super::application::StartError;
use crate::{
    config::settings::ServerSettings,
    middleware::{headers::headers, observe::observe, origins::origins, problems::problems},
    openapi, routes,
    state::{AppState, OpenApiDocument},
    telemetry::http::Counted,
};

/// How long a connection that is to end may take for it.
const DISCONNECT: Duration = Duration::from_secs(5);

/// Accepts connections, which are served once the server is awaited. Signals are the caller's matter.
pub fn listen(
    settings: &ServerSettings,
    state: Data<AppState>,
) -> Result<(Server, SocketAddr), StartError> {
    let bind_error = |error| {
        let address = format!("{}:{}", settings.host, settings.port);
        StartError::bind(address, error)
    };
    let (connections, write) = (
        state.metrics.http.connections.clone(),
        settings.write_timeout,
    );
    let allowed = settings.cors_origins.clone();
    let public_url = settings.public_url.clone();
    let server = HttpServer::new(move || {
        // The last wrap is the outermost: a request passes this list from its end to its begin.
        App::new()
            .app_data(state.clone())
            .wrap(NormalizePath::trim())
            .wrap(Condition::new(!allowed.is_empty(), cors(&allowed)))
            .wrap(from_fn(origins))
            .wrap(from_fn(headers))
            .wrap(from_fn(problems))
            .wrap(from_fn(observe))
            .wrap_api()
            .configure(routes::configure)
            .with_raw_json_spec_v3(|app, collected| {
                let document = openapi::complete(collected, &public_url).to_string();
                app.app_data(Data::new(OpenApiDocument(Bytes::from(document))))
            })
            .build()
    })
    .on_connect(move |connection: &dyn Any, data: &mut Extensions| {
        data.insert(Counted::new(&connections));
        if let Some(stream) = connection.downcast_ref::<TcpStream>() {
            limit_writing(stream, write);
        }
    })
    .workers(settings.workers)
    // Of each worker; past it, connections wait in the kernel's backlog.
    .max_connections(settings.connections.div_ceil(settings.workers))
    .client_request_timeout(settings.header_timeout)
    .client_disconnect_timeout(DISCONNECT)
    .keep_alive(settings.keep_alive)
    .shutdown_timeout(settings.shutdown.as_secs())
    .disable_signals()
    .bind((settings.host.as_str(), settings.port))
    .map_err(bind_error)?;
    let address = server.addrs().first().copied();
    let address = address.ok_or_else(|| bind_error(io::ErrorKind::AddrNotAvailable.into()))?;
    Ok((server.run(), address))
}

/// Cuts off a peer that acknowledges nothing of what it is sent for `timeout` (RFC 5482): otherwise the
/// answer would wait for as long as the connection is held open.
#[cfg(target_os = "linux")]
fn limit_writing(stream: &TcpStream, timeout: Duration) {
    let limited = SockRef::from(stream).set_tcp_user_timeout(Some(timeout));
    if let Err(error) = limited {
        log::debug!("a connection has no time-out for writing: {error}");
    }
}

/// Only Linux has this time-out for each connection.
#[cfg(not(target_os = "linux"))]
fn limit_writing(_: &TcpStream, _: Duration) {}

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
