//! Whether the service can listen on its address.

use std::{io::ErrorKind, net::TcpListener};

use super::check::CheckResult;
use crate::{commands::healthcheck, config::settings::ServerSettings};

const CHECK: &str = "port";

/// Free, taken by a service that is ready or not, or by another program.
pub fn check(settings: &ServerSettings) -> CheckResult {
    let address = format!("{}:{}", settings.host, settings.port);
    if settings.port == 0 {
        return CheckResult::ok(CHECK, "any free one");
    }
    let status = healthcheck::status(settings).unwrap_or_default();
    match status.split(' ').nth(1) {
        Some("200") => {
            let found = format!("a service answers on {address} and is ready");
            return CheckResult::ok(CHECK, found);
        }
        Some("503") => {
            let found = format!("a service answers on {address}, but is not ready");
            let remedy = "see the other checks, and what its log says";
            return CheckResult::warning(CHECK, found, remedy);
        }
        _ => {}
    }
    let error = match TcpListener::bind((settings.host.as_str(), settings.port)) {
        Ok(_) => return CheckResult::ok(CHECK, format!("{address} is free")),
        Err(error) => error,
    };
    let remedy = match error.kind() {
        ErrorKind::AddrInUse => {
            "stop the other program (`ss -ltnp` names it), or set APP_SERVER__PORT to another port"
        }
        ErrorKind::PermissionDenied => {
            "ports below 1024 need a privilege: set APP_SERVER__PORT to a higher one"
        }
        _ => "set APP_SERVER__HOST to an address of this machine, or to 0.0.0.0 for all",
    };
    let found = match error.kind() {
        ErrorKind::AddrInUse => format!("another program listens on {address}"),
        _ => format!("cannot listen on {address}: {error}"),
    };
    CheckResult::failure(CHECK, found, remedy)
}
