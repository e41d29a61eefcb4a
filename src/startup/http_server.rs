//! An HTTP server whose every phase of a connection is limited in time.

use std::{fmt, io, net::TcpListener, time::Duration};

use actix_http::{HttpService, Protocol, Request, ServiceConfig};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    Error,
    body::MessageBody,
    dev::{AppConfig, Extensions, Server, Service, ServiceFactory, ServiceResponse},
    rt::net::TcpStream,
};
#[cfg(target_os = "linux")]
use socket2::SockRef;

use super::client_stream::{ClientStream, Timeouts};
use crate::config::settings::ServerSettings;

/// A client that goes on taking its answer has so many times as long as one that takes nothing.
const WHOLE_ANSWER: u32 = 10;

/// Serves `app` on `listeners` once it is awaited. Signals are the caller's matter. `on_connect` adds what the
/// requests of a connection share.
pub fn serve<F, I, S, B>(
    listeners: Vec<TcpListener>,
    settings: &ServerSettings,
    on_connect: impl Fn(&mut Extensions) + Clone + Send + 'static,
    app: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = Error>
        + 'static,
    S::InitError: fmt::Debug,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let mut builder = Server::build()
        .workers(settings.workers)
        // Of each worker; past it, connections wait in the kernel's backlog.
        .max_concurrent_connections(settings.connections.div_ceil(settings.workers))
        .shutdown_timeout(settings.shutdown.as_secs())
        .disable_signals();
    let stop = builder.graceful_shutdown_signal();
    let (keep_alive, write) = (settings.keep_alive, settings.write_timeout);
    let timeouts = Timeouts {
        head: settings.header_timeout,
        answer: write * WHOLE_ANSWER,
    };
    for listener in listeners {
        let (stop, on_connect, app) = (stop.clone(), on_connect.clone(), app.clone());
        builder = builder.listen("http", listener, move || {
            let (stop, on_connect) = (stop.clone(), on_connect.clone());
            let app = app().into_factory().map_err(|error| error.error_response());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stop = stop.clone();
                    async move { stop.notified().await }
                })
                .keep_alive(keep_alive)
                // These two are the stream's.
                .client_request_timeout(Duration::ZERO)
                .client_disconnect_timeout(Duration::ZERO)
                .on_connect_ext(move |stream: &ClientStream, data| {
                    data.insert(stream.in_flight().clone());
                    on_connect(data);
                })
                .finish(map_config(app, |()| AppConfig::default()));
            let config = ServiceConfig::default();
            fn_service(move |io: TcpStream| {
                limit_writing(&io, write);
                let address = io.peer_addr().ok();
                let stream = ClientStream::new(io, timeouts, config.clone());
                async move { Ok((stream, Protocol::Http1, address)) }
            })
            .and_then(http)
        })?;
    }
    Ok(builder.run())
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
