//! The command line, and the exit status.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::{
    backup::BackupCommand,
    copy::CopyCommand,
    doctor::Doctor,
    generate::{Completions, ManPages},
    healthcheck,
    migrate::MigrateCommand,
    output, renew_epoch,
    restore::RestoreCommand,
    user::UserCommand,
    verify::VerifyCommand,
};
use crate::{
    config::{Settings, load, settings},
    openapi, startup,
    telemetry::log as logging,
};

/// Exit status for a setting that is unknown, malformed or out of range.
const BAD_SETTING: u8 = 2;

/// The command line.
#[derive(Parser)]
#[command(version, about, after_long_help = format!("{EXIT_STATUS}{}", settings::help()))]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (the default)
    #[command(after_help = "Example:\n  APP_SERVER__PORT=9000 task-api serve")]
    Serve,
    /// Ask the service on this machine whether it is ready; exit status 0 if so, else 1
    #[command(after_help = "Example:\n  task-api healthcheck && echo ready")]
    Healthcheck,
    /// Check settings, database and disk, and say what to do; it changes nothing
    ///
    /// Each line is ok, a warning or a failure. Secrets are not shown. Where the database is large it
    /// takes a while, for it reads all of it. The exit status is 1 if something failed, and 0 otherwise,
    /// also with warnings.
    ///
    /// Example: task-api doctor --json | jq '.[] | select(.outcome != "ok")'
    #[command(verbatim_doc_comment)]
    Doctor(Doctor),
    /// Apply, list or undo the migrations of the database
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// List, create, change and delete accounts, also while the service runs
    #[command(subcommand)]
    User(UserCommand),
    /// Print the OpenAPI document as GET /openapi.json gives it; it needs no settings
    #[command(after_help = "Example:\n  task-api openapi > openapi.json")]
    Openapi,
    /// Print a script that lets a shell complete these commands
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(Completions),
    /// Print the manual page, or write one for each command
    #[command(after_help = "Example:\n  task-api man --dir /usr/local/share/man/man1")]
    Man(ManPages),
    Backup(BackupCommand),
    Verify(VerifyCommand),
    Restore(RestoreCommand),
    /// Make all ETags of tasks from before invalid: for a database that was set back
    ///
    /// A database that was set back to an earlier state gives the same version numbers to other content. That is
    /// why the ETag of a task holds an epoch of the database beside the version; this command renews it.
    /// `task-api restore` does so by itself. Run it after pg_restore, a point-in-time recovery, or when a copy of
    /// a file or disk was put back. The service may run: its responses have the new epoch within a second, and
    /// writes with an old ETag in If-Match are rejected at once.
    ///
    /// Example: task-api renew-epoch
    #[command(verbatim_doc_comment)]
    RenewEpoch,
    Copy(CopyCommand),
}

const EXIT_STATUS: &str = "\
Exit status:
  0  done, or nothing is wrong
  1  failed; the reason is on standard error
  2  a setting or an argument is unknown, malformed or out of range

";

const COMPLETIONS_HELP: &str = "\
Examples:
  task-api completions bash > ~/.local/share/bash-completion/completions/task-api
  task-api completions zsh > ~/.zfunc/_task-api    # with fpath+=~/.zfunc before compinit
  task-api completions fish > ~/.config/fish/completions/task-api.fish";

impl Cli {
    /// Runs the command to its end. Returns the exit status: 0, 1 for a failure, 2 for a bad setting.
    pub fn run(self) -> ExitCode {
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => with_settings(serve),
            Command::Healthcheck => with_settings(healthcheck::run),
            Command::Migrate(command) => with_settings(|settings| command.run(settings)),
            Command::User(command) => with_settings(|settings| command.run(settings)),
            Command::Backup(command) => with_settings(|settings| command.run(settings)),
            Command::Verify(command) => with_settings(|settings| command.run(settings)),
            Command::Restore(command) => with_settings(|settings| command.run(settings)),
            Command::RenewEpoch => with_settings(renew_epoch::run),
            Command::Copy(command) => with_settings(|settings| command.run(settings)),
            Command::Doctor(doctor) => end(doctor.run(load::from_process())),
            Command::Openapi => end(output::finish(&openapi::json())),
            Command::Completions(completions) => end(completions.run()),
            Command::Man(pages) => end(pages.run()),
        }
    }
}

/// Runs what depends on the settings, with the log that they ask for.
fn with_settings(command: impl FnOnce(&Settings) -> Result<(), String>) -> ExitCode {
    let settings = match load::from_process() {
        Ok(settings) => settings,
        Err(error) => return fail(BAD_SETTING, &error.to_string()),
    };
    logging::start(&settings.log);
    for name in &settings.passed_over {
        log::warn!(
            "{name} is not a setting of this service: it has the form that Kubernetes injects and is ignored"
        );
    }
    startup::limits::keep_files_private();
    end(command(&settings))
}

fn end(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => fail(1, &reason),
    }
}

fn fail(status: u8, reason: &str) -> ExitCode {
    eprintln!("task-api: {reason}");
    ExitCode::from(status)
}

fn serve(settings: &Settings) -> Result<(), String> {
    match startup::run(settings) {
        Err(error) => Err(error.to_string()),
    }
}
