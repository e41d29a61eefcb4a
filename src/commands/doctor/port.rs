//! Whether the service can listen where it is told to.

use std::{
    io::ErrorKind,
    net::{TcpListener, TcpStream},
    time::Duration,
};

use super::check::CheckResult;
use crate::{commands::healthcheck, config::settings::ServerSettings};

const CHECK: &str = "port";

/// Free, taken by a service that is ready, or taken by something else.
pub fn check(settings: &ServerSettings) -> CheckResult {
    let address = format!("{}:{}", settings.host, settings.port);
    if settings.port == 0 {
        return CheckResult::ok(CHECK, "any free one");
    }
    match healthcheck::address(settings) {
        Err(error) => CheckResult::failure(
            CHECK,
            format!("{} is no address: {error}", settings.host),
            "correct APP_SERVER__HOST",
        ),
        Ok(socket) => match TcpStream::connect_timeout(&socket, Duration::from_secs(2)) {
            Ok(_) => taken(&address, settings),
            Err(_) => free(&address, settings),
        },
    }
}

fn taken(address: &str, settings: &ServerSettings) -> CheckResult {
    let status = healthcheck::status(settings).unwrap_or_default();
    match status.split(' ').nth(1) {
        Some("200") => CheckResult::ok(
            CHECK,
            format!("a service answers on {address} and is ready"),
        ),
        Some("503") => CheckResult::warning(
            CHECK,
            format!("a service answers on {address}, but is not ready"),
            "see the other checks, and what its log says",
        ),
        _ => CheckResult::failure(
            CHECK,
            format!("another program listens on {address}"),
            "stop it (`ss -ltnp` names it), or set APP_SERVER__PORT to another port",
        ),
    }
}

/// Nothing answers; the service would still be refused a port or an address that is not its own.
fn free(address: &str, settings: &ServerSettings) -> CheckResult {
    match TcpListener::bind((settings.host.as_str(), settings.port)) {
        Ok(_) => CheckResult::ok(CHECK, format!("{address} is free")),
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
            CheckResult::failure(
                CHECK,
                format!("cannot listen on {address}: {error}"),
                remedy,
            )
        }
    }
}
