//! `/metrics` on an address of its own, which clients do not see.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use actix_web::{
    App, HttpResponse,
    dev::Server,
    error::ErrorInternalServerError,
    http::header,
    middleware::from_fn,
    web::{self, Data},
};

use super::http_server;
use crate::{
    config::settings::ServerSettings,
    middleware::exchange::exchange,
    state::AppState,
    telemetry::metrics::{self, Metrics},
};

/// Listens on `address`. It needs few connections: one program scrapes it.
pub fn listen(address: SocketAddr, state: &AppState) -> io::Result<(Server, SocketAddr)> {
    let metrics = Data::new(state.metrics.clone());
    let listener = TcpListener::bind(address)?;
    let bound = listener.local_addr()?;
    let settings = ServerSettings {
        workers: 1,
        connections: 64,
        ..state.server.clone()
    };
    let server = http_server::serve(
        vec![listener],
        &settings,
        |_| {},
        move || {
            App::new()
                .app_data(metrics.clone())
                .route("/metrics", web::get().to(scrape))
                .wrap(from_fn(exchange))
        },
    )?;
    Ok((server, bound))
}

async fn scrape(metrics: Data<Metrics>) -> actix_web::Result<HttpResponse> {
    let text = metrics.text().map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, metrics::CONTENT_TYPE))
        .body(text))
}
