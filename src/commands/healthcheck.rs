//! `task-api healthcheck`.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use crate::config::{Settings, settings::ServerSettings};

/// Of connecting and of reading.
const TIMEOUT: Duration = Duration::from_secs(5);

/// `GET /health/ready` on the configured address. Errors: why the service is not ready, in a sentence.
pub fn run(settings: &Settings) -> Result<(), String> {
    let status = status(&settings.server).map_err(|error| error.to_string())?;
    match status.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(format!("not ready: {}", status.trim_end())),
    }
}

/// To the first address of `host` that takes connections. Errors: why the last one does not.
fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut outcome = Err(io::ErrorKind::AddrNotAvailable.into());
    for address in (host, port).to_socket_addrs()? {
        outcome = TcpStream::connect_timeout(&address, TIMEOUT);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// The status line of the answer. A service on a wildcard address is asked on loopback.
fn status(settings: &ServerSettings) -> io::Result<String> {
    let host = match settings.host.as_str() {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    };
    let mut stream = connect(host, settings.port)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream
        .write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    Ok(status)
}
