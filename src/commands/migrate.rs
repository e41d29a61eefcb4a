//! `task-api migrate …`: the tables of the database, brought to what this binary needs, and back.

use clap::Subcommand;

use super::{
    database::{connect, connect_existing, read},
    output::{self, one_line},
    prompt,
};
use crate::{
    config::{
        Settings,
        settings::{DatabaseSettings, Engine},
    },
    db::migrations::{self, Migration, State, versions},
};

/// Commands about the migrations, which are embedded in this binary, on the database of the settings.
#[derive(Subcommand)]
pub enum MigrateCommand {
    /// Apply what is pending and print each name
    ///
    /// This is what `task-api serve` does at its start, unless APP_DATABASE__RUN_MIGRATIONS=false. All are
    /// applied or none. Replicas and other runs wait for each other. On SQLite the file is created if it does
    /// not exist.
    ///
    /// Example: task-api migrate run
    #[command(verbatim_doc_comment)]
    Run,
    /// List every migration: applied, pending, or unknown to this binary
    ///
    /// It changes nothing. The exit status is 0 if all are applied, and 1 if one is pending or
    /// unknown. Unknown is what another version of this program has applied.
    ///
    /// Example: task-api migrate status || task-api migrate run
    #[command(verbatim_doc_comment)]
    Status,
    /// Undo the latest migration: what it added is dropped, with the data in it
    ///
    /// Make a backup first, and stop the service: what it needs is gone then. Where the next start is
    /// not to apply the migration again, set APP_DATABASE__RUN_MIGRATIONS=false. A migration that this
    /// binary does not know is left to the version of the program that applied it.
    ///
    /// Example: task-api migrate revert
    #[command(verbatim_doc_comment)]
    Revert {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

impl MigrateCommand {
    /// Runs the command on the database of `settings`. Errors: why it failed, in a sentence.
    pub fn run(self, settings: &Settings) -> Result<(), String> {
        let database = &settings.database;
        match self {
            Self::Run => run(database),
            Self::Status => status(database),
            Self::Revert { yes } => revert(database, yes),
        }
    }
}

fn run(settings: &DatabaseSettings) -> Result<(), String> {
    let mut conn = connect(settings)?;
    let applied = migrations::run_pending(&mut conn).map_err(|error| {
        let cause = one_line(&error.to_string());
        format!("cannot migrate the database: {cause}")
    })?;
    let all = migrations::status(&mut conn).map_err(unreadable)?;
    let lines: String = all
        .iter()
        .filter(|migration| applied.contains(&migration.version))
        .map(|migration| format!("applied {}\n", migration.name))
        .collect();
    let said = if lines.is_empty() {
        "nothing is pending\n"
    } else {
        &lines
    };
    output::finish(said)
}

fn status(settings: &DatabaseSettings) -> Result<(), String> {
    let all = read_status(settings)?;
    let list: String = all
        .iter()
        .map(|migration| format!("{}  {}\n", migration.state, migration.name))
        .collect();
    output::write(&list)?;
    let count = |state| versions(&all, state).len();
    let (pending, unknown) = (count(State::Pending), count(State::Unknown));
    if pending > 0 {
        Err(format!(
            "pending: {pending}; `task-api migrate run` applies them"
        ))
    } else if unknown > 0 {
        Err(format!(
            "unknown to this binary: {unknown}; a newer version has applied them"
        ))
    } else {
        Ok(())
    }
}

fn read_status(settings: &DatabaseSettings) -> Result<Vec<Migration>, String> {
    let is_there = settings.url.file().is_none_or(|file| file.exists());
    let status = if is_there {
        migrations::status(&mut read(settings)?)
    } else {
        migrations::status_of_nothing(Engine::Sqlite)
    };
    status.map_err(unreadable)
}

fn revert(settings: &DatabaseSettings, yes: bool) -> Result<(), String> {
    let all = read_status(settings)?;
    let mut applied = all.iter().rev().filter(|m| m.state != State::Pending);
    let Some(latest) = applied.next() else {
        return Err("no migration is applied".to_owned());
    };
    let Migration { name, version, .. } = latest;
    if latest.state == State::Unknown {
        return Err(format!(
            "this binary does not know {name}, the latest migration: revert it with the version that applied it"
        ));
    }
    if !yes {
        let warning =
            format!("This undoes {name}: what its down.sql drops is lost, with the data in it.");
        prompt::confirm(&warning, version)?;
    }
    let mut conn = connect_existing(settings)?;
    migrations::revert(&mut conn, version)
        .map_err(|error| format!("cannot revert {name}: {}", one_line(&error.to_string())))?;
    output::finish(&format!("reverted {name}\n"))
}

fn unreadable(error: impl ToString) -> String {
    let cause = one_line(&error.to_string());
    format!("cannot read the migrations: {cause}")
}
