//! `task-api copy --to URL`.

use clap::Args;
use indicatif::ProgressBar;

use super::{
    database,
    output::{self, one_line, reason},
};
use crate::{
    config::{
        Settings,
        settings::{DatabaseSettings, DatabaseUrl, Engine},
    },
    db::{
        manager::{Access, Manager},
        sqlite_file,
    },
    services::transfer::{self, Copied},
};

const HELP: &str = "\
Example, with the service stopped, and the password in ~/.pgpass or PGPASSWORD:

  task-api copy --to postgres://ann@db/tasks

All rows keep their ids, versions, times and hashes: people log in with their passwords, and tokens still
work with the same APP_AUTH__JWT_SECRETS; only the ETags of tasks are new. It is one transaction: if
anything fails, the PostgreSQL database is as it was. The SQLite file is only read, as one moment sees it.";

/// Copy all data of the SQLite database into an empty PostgreSQL database
#[derive(Args)]
#[command(after_long_help = HELP)]
pub struct CopyCommand {
    /// The PostgreSQL database, which must exist and hold no users: postgres://USER@HOST/NAME
    #[arg(long, value_name = "URL")]
    to: String,
}

impl CopyCommand {
    /// Errors: why nothing is copied, in a sentence without any password.
    pub fn run(self, settings: &Settings) -> Result<(), String> {
        let to = self
            .to
            .parse::<DatabaseUrl>()
            .map_err(|error| format!("--to {error}"))?;
        if to.engine != Engine::Postgres {
            return Err("--to must be postgres://USER@HOST/NAME".to_owned());
        }
        let file = database::file(&settings.database.url)
            .ok_or("nothing was copied: the settings name no SQLite database")?;
        // Before this process opens it: see `is_in_use`.
        if sqlite_file::is_in_use(&file).unwrap_or(false) {
            eprintln!(
                "task-api: another process has {} open: what it writes from now on is not copied",
                file.display()
            );
        }
        let mut source = database::read(&settings.database)?;
        let target = DatabaseSettings {
            url: to,
            ..settings.database.clone()
        };
        let mut target = Manager::new(&target, Access::Write)
            .open()
            .map_err(|error| {
                let cause = one_line(&error.to_string());
                format!("cannot connect to the database of --to: {cause}")
            })?;
        // Drawn on standard error, where that is a terminal.
        let bar = ProgressBar::new(0);
        let copied = transfer::copy(&mut source, &mut target, |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        let copied = copied.map_err(|error| format!("nothing was copied: {}", reason(error)))?;
        output::finish(&table(&copied))
    }
}

fn table(copied: &[Copied]) -> String {
    let rows = copied.iter().map(|table| {
        let Copied {
            name,
            source,
            target,
        } = table;
        format!("{name:<17} {source:>9} {target:>11}\n")
    });
    let head = format!("{:<17} {:>9} {:>11}\n", "TABLE", "SQLITE", "POSTGRESQL");
    head + &rows.collect::<String>()
}
