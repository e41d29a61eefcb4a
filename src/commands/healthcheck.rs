//! `task-api healthcheck`.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
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

/// Where a service of these settings is asked; one on a wildcard address, on loopback.
pub fn address(settings: &ServerSettings) -> io::Result<SocketAddr> {
    let host = match settings.host.as_str() {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    };
    (host, settings.port)
        .to_socket_addrs()?
        .next()
        .ok_or(io::ErrorKind::AddrNotAvailable.into())
}

/// The status line of the answer to `GET /health/ready`.
pub fn status(settings: &ServerSettings) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address(settings)?, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream
        .write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    Ok(status)
}
