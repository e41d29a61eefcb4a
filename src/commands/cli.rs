//! What was typed, and how it went.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::{
    backup::BackupCommand, copy::CopyCommand, healthcheck, restore::RestoreCommand,
    user::UserCommand, verify::VerifyCommand,
};
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

#[derive(Subcommand)]
enum Command {
    /// Serve the API (the default)
    Serve,
    /// Ask the service on this machine whether it is ready; exit status 0 if so, else 1
    Healthcheck,
    /// List, make, change and delete accounts, also while the service runs
    #[command(subcommand)]
    User(UserCommand),
    Backup(BackupCommand),
    Verify(VerifyCommand),
    Restore(RestoreCommand),
    Copy(CopyCommand),
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
            Command::Healthcheck => healthcheck::run(&settings),
            Command::User(command) => command.run(&settings),
            Command::Backup(command) => command.run(&settings),
            Command::Verify(command) => command.run(&settings),
            Command::Restore(command) => command.run(&settings),
            Command::Copy(command) => command.run(&settings),
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
