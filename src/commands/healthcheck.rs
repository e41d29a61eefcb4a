//! `task-api healthcheck`.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use crate::config::Settings;

/// `GET /health/ready` on the configured address; a wildcard address is asked on loopback. Errors: why
/// the service is not ready, in a sentence.
pub fn run(settings: &Settings) -> Result<(), String> {
    let host = match settings.server.host.as_str() {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    };
    let status = ask(host, settings.server.port).map_err(|error| error.to_string())?;
    match status.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(format!("not ready: {}", status.trim_end())),
    }
}

/// The status line of the answer.
fn ask(host: &str, port: u16) -> std::io::Result<String> {
    const PATIENCE: Duration = Duration::from_secs(5);
    let address = (host, port)
        .to_socket_addrs()?
        .next()
        .ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream
        .write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    Ok(status)
}
