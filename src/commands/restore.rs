//! `task-api restore FILE`.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
};

use chrono::Utc;
use clap::Args;

use super::{
    database,
    output::{self, reason},
    verify,
};
use crate::{
    config::Settings,
    db::{
        DbConn,
        files::{Draft, beside, folder},
        query::number,
        sqlite_file::{self, COMPANIONS},
        tables::EPOCHS,
        writer::write,
    },
    models::integrity::IntegrityResult,
    services::epoch,
};

const HELP: &str = "\
Example, with the service stopped:

  task-api restore /backups/tasks-2026-11-25.db

FILE is checked first, as `task-api verify FILE` does. The previous database is kept beside the new one
as ….before-restore-<UTC time>. If the command is killed, the database is the old one or the new one, complete.
What was written after the backup is not in it, and all ETags of tasks from before are invalid.";

/// Replace the SQLite database by a backup; the service must be stopped
#[derive(Args)]
#[command(after_long_help = HELP)]
pub struct RestoreCommand {
    /// An SQLite file that `backup` made
    file: String,
}

impl RestoreCommand {
    /// Errors: why nothing is restored, in a sentence.
    pub fn run(self, settings: &Settings) -> Result<(), String> {
        let file = PathBuf::from(self.file);
        let failed = |cause: String| format!("nothing was restored: {cause}");
        let target = database::file(&settings.database.url)
            .ok_or_else(|| use_pg_restore(&file))
            .map_err(failed)?;
        refuse_incomplete(&file, &target).map_err(failed)?;
        if target.exists() && sqlite_file::is_in_use(&target).map_err(|e| failed(e.to_string()))? {
            return Err(failed(in_use(&target)));
        }
        let checked = verify::check(&file, &settings.database)?;
        let mut results = checked.results.iter();
        if results.any(|result| !result.faults.is_empty()) {
            return verify::conclude(&file.display().to_string(), &checked.results).map_err(failed);
        }
        let aside = put_in_place(&file, &checked.hash, &target).map_err(failed)?;
        let aside =
            aside.map(|aside| format!("the previous database is kept as {}\n", aside.display()));
        let described = describe(&file, &target, &checked.results);
        output::finish(&(aside.unwrap_or_default() + &described))
    }
}

fn use_pg_restore(file: &Path) -> String {
    format!(
        "the database is on PostgreSQL, whose own program does that once the service is stopped: \
         pg_restore --clean --if-exists --no-owner --single-transaction --dbname=URL {} \
         (leave the password out of URL: it asks, or takes it from PGPASSWORD or ~/.pgpass), and then `task-api renew-epoch`",
        output::for_shell(file)
    )
}

/// Errors: a part of either database is in another file than its own.
fn refuse_incomplete(file: &Path, target: &Path) -> Result<(), String> {
    if file.canonicalize().is_ok_and(|file| file == target) {
        return Err("FILE is the database itself".to_owned());
    }
    if !sqlite_file::is_complete(file) {
        let name = file.display();
        return Err(format!(
            "beside {name} is a log with writes that are not in it; make a copy of it with `task-api backup`"
        ));
    }
    let stray = COMPANIONS.map(|companion| beside(target, companion));
    let mut stray = stray.iter().filter(|path| path.exists());
    if let (false, Some(stray)) = (target.exists(), stray.next()) {
        let stray = stray.display();
        return Err(format!(
            "{stray} exists without its database; move it away first"
        ));
    }
    Ok(())
}

fn in_use(target: &Path) -> String {
    let target = target.display();
    format!("another process has {target} open; stop the service first")
}

/// Makes a copy of `file` beside `target` and lets it take its place. Returns where what was there is kept.
fn put_in_place(file: &Path, hash: &str, target: &Path) -> Result<Option<PathBuf>, String> {
    let failed = |error: io::Error| error.to_string();
    let mut draft = Draft::create(target).map_err(failed)?;
    if draft.copy_from(file).map_err(failed)? != hash {
        return Err(format!("{} changed while it was read", file.display()));
    }
    begin_epoch(draft.path())?;
    adopt(draft.path(), target).map_err(failed)?;
    if !target.exists() {
        draft.publish().map_err(failed)?;
        return Ok(None);
    }
    let _alone = alone(target)?;
    let suffix = Utc::now().format(".before-restore-%Y%m%dT%H%M%S%.3fZ");
    let aside = sqlite_file::keep_aside(target, &suffix.to_string()).map_err(failed)?;
    draft.replace().map_err(failed)?;
    Ok(Some(aside))
}

/// Renews the epoch in the copy of a backup. One of before there was an epoch gets it with the migrations that it lacks.
fn begin_epoch(copy: &Path) -> Result<(), String> {
    let mut conn = sqlite_file::open_alone(copy).map_err(|error| error.to_string())?;
    let renewed = write(&mut conn, |conn| {
        if number(
            conn,
            &format!("SELECT COUNT(*) FROM sqlite_schema WHERE name = '{EPOCHS}'"),
        )? > 0
        {
            epoch::renew(conn)?;
        }
        Ok(())
    });
    renewed.map_err(reason)
}

/// Keeps others off the database until it is replaced. One that is not sound cannot be locked: it is kept
/// aside as it is, with what is beside it.
fn alone(target: &Path) -> Result<Option<DbConn>, String> {
    if !sqlite_file::is_database(target).map_err(|error| error.to_string())? {
        return Ok(None);
    }
    match sqlite_file::seize(target) {
        Err(error) if error.to_string().contains("locked") => Err(in_use(target)),
        seized => Ok(seized.ok()),
    }
}

/// Gives the file `new` the owner and the permissions of `target`, or where there is none the owner of its folder:
/// root may restore for the service's user.
fn adopt(new: &Path, target: &Path) -> io::Result<()> {
    let own = fs::metadata(new)?;
    let old = match fs::metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        found => Some(found?),
    };
    if old.is_none() && own.uid() != 0 {
        return Ok(());
    }
    let owner = match &old {
        Some(old) => old.clone(),
        None => fs::metadata(folder(target))?,
    };
    if (owner.uid(), owner.gid()) != (own.uid(), own.gid()) {
        chown(new, Some(owner.uid()), Some(owner.gid()))?;
    }
    old.map_or(Ok(()), |old| fs::set_permissions(new, old.permissions()))
}

fn describe(file: &Path, target: &Path, results: &[IntegrityResult]) -> String {
    let said = results.iter().filter_map(|result| match result.check {
        "users" | "tasks" => Some(format!("{} {}", result.check, result.count)),
        "migrations" => {
            let note = result.note.as_deref()?;
            let pending = note.split(';').next().unwrap_or(note);
            Some(format!("migrations {pending}: the next start applies them"))
        }
        _ => None,
    });
    let said: Vec<String> = said.collect();
    let (file, target) = (file.display(), target.display());
    format!("restored {file} to {target}: {}\n", said.join(", "))
}
