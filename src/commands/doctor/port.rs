//! Whether the service can listen where it is told to.

use std::{
    io::ErrorKind,
    net::{TcpListener, TcpStream},
    time::Duration,
};

use super::finding::Finding;
use crate::{commands::healthcheck, config::settings::ServerSettings};

const CHECK: &str = "port";

/// Free, taken by a service that is ready, or taken by something else.
pub fn finding(settings: &ServerSettings) -> Finding {
    let place = format!("{}:{}", settings.host, settings.port);
    if settings.port == 0 {
        return Finding::ok(CHECK, "any free one");
    }
    match healthcheck::address(settings) {
        Err(error) => Finding::failure(
            CHECK,
            format!("{} is no address: {error}", settings.host),
            "correct APP_SERVER__HOST",
        ),
        Ok(address) => match TcpStream::connect_timeout(&address, Duration::from_secs(2)) {
            Ok(_) => taken(&place, settings),
            Err(_) => free(&place, settings),
        },
    }
}

fn taken(place: &str, settings: &ServerSettings) -> Finding {
    let status = healthcheck::status(settings).unwrap_or_default();
    match status.split(' ').nth(1) {
        Some("200") => Finding::ok(CHECK, format!("a service answers on {place} and is ready")),
        Some("503") => Finding::warning(
            CHECK,
            format!("a service answers on {place}, but is not ready"),
            "see the other findings, and what its log says",
        ),
        _ => Finding::failure(
            CHECK,
            format!("another program listens on {place}"),
            "stop it (`ss -ltnp` names it), or set APP_SERVER__PORT to another port",
        ),
    }
}

/// Nobody answers; the service would still be refused a port or an address that is not its own.
fn free(place: &str, settings: &ServerSettings) -> Finding {
    match TcpListener::bind((settings.host.as_str(), settings.port)) {
        Ok(_) => Finding::ok(CHECK, format!("{place} is free")),
        Err(error) => {
            let remedy = match error.kind() {
                ErrorKind::AddrNotAvailable => {
                    "set APP_SERVER__HOST to an address of this machine, or to 0.0.0.0 for all"
                }
                ErrorKind::PermissionDenied => {
                    "ports below 1024 need a privilege: set APP_SERVER__PORT to a higher one"
                }
                _ => "stop what uses it (`ss -tnp`), or set APP_SERVER__PORT to another port",
            };
            Finding::failure(CHECK, format!("cannot listen on {place}: {error}"), remedy)
        }
    }
}
