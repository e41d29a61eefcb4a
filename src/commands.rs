//! The command line.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpStream, ToSocketAddrs},
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, Subcommand};

use crate::{
    config::{Settings, load, table},
    startup,
};

/// Exit status for a setting that is unknown, malformed or out of range.
const BAD_SETTING: u8 = 2;

/// What was typed.
#[derive(Parser)]
#[command(version, about, after_help = table::help())]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Clone, Copy)]
enum Command {
    /// Serve the API (the default)
    Serve,
    /// Ask the service on this machine whether it is ready; exit status 0 if so, else 1
    Healthcheck,
}

impl Cli {
    /// Runs the command to its end and tells how it went: 0, 1 for a failure, 2 for a bad setting.
    pub fn run(self) -> ExitCode {
        let settings = match load::from_process() {
            Ok(settings) => settings,
            Err(error) => return fail(BAD_SETTING, &error.to_string()),
        };
        env_logger::Builder::new()
            .parse_filters(&settings.log_filter)
            .init();
        let outcome = match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve(&settings),
            Command::Healthcheck => healthcheck(&settings),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(reason) => fail(1, &reason),
        }
    }
}

fn fail(status: u8, reason: &str) -> ExitCode {
    eprintln!("task-api: {reason}");
    ExitCode::from(status)
}

fn serve(settings: &Settings) -> Result<(), String> {
    startup::run(settings).map_err(|error| error.to_string())
}

/// `GET /health/ready` on the configured address; a wildcard address is asked on loopback.
fn healthcheck(settings: &Settings) -> Result<(), String> {
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
