//! `/metrics` on an address of its own, which clients do not see.

use std::{io, net::SocketAddr};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::Server,
    error::ErrorInternalServerError,
    http::header,
    web::{self, Data},
};

use crate::{
    state::AppState,
    telemetry::metrics::{self, Metrics},
};

/// Listens on `address`. It needs few connections: one program scrapes it.
pub fn listen(address: SocketAddr, state: &AppState) -> io::Result<(Server, SocketAddr)> {
    let metrics = Data::new(state.metrics.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(metrics.clone())
            .route("/metrics", web::get().to(scrape))
    })
    .workers(1)
    .max_connections(64)
    .disable_signals()
    .bind(address)?;
    let bound = server.addrs().first().copied();
    Ok((server.run(), bound.unwrap_or(address)))
}

async fn scrape(metrics: Data<Metrics>) -> actix_web::Result<HttpResponse> {
    let text = metrics.text().map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, metrics::CONTENT_TYPE))
        .body(text))
}
