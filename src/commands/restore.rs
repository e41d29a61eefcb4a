//! `task-api restore FILE`.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    output::{self, one_line, reason},
    sqlite, verify,
};
use crate::{
    config::{Settings, settings::DatabaseUrl},
    db::{
        files::{Draft, beside, folder},
        sqlite_file::{self, COMPANIONS, OpenMode, Seized},
    },
    models::{integrity::IntegrityResult, time::UtcTime},
    services::integrity,
};

const HELP: &str = "\
Example:

  systemctl stop task-api
  task-api restore /backups/tasks-2026-11-25.db
  systemctl start task-api

FILE is checked first, as `task-api verify FILE` does. What was there is kept beside the database as
….before-restore-<UTC time>. It is refused while any process has the database open, a service that is idle
too. If it is killed, the database is the old one or the new one, whole.

What was written after the backup is not there afterwards, and the ids that were given out since are given out
again. Migrations that FILE lacks are applied at the next start.

On PostgreSQL it restores nothing and says which pg_restore does.";

/// Put a backup in the place of the SQLite database; the service must be stopped
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
        let target = sqlite::file(&settings.database.url)
            .ok_or_else(|| use_pg_restore(&settings.database.url, &file))?;
        refuse_incomplete(&file, &target)?;
        refuse_in_use(&target)?;
        let checked = verify::check(&file, &settings.database)?;
        let mut results = checked.results.iter();
        if results.any(|result| !result.faults.is_empty()) {
            return verify::conclude(&file.display().to_string(), &checked.results)
                .map_err(|fault| format!("nothing is restored: {fault}"));
        }
        let aside = put_in_place(&file, &checked.hash, &target)?;
        let mut text = String::new();
        if let Some(aside) = aside {
            text += &format!("what was there is kept as {}\n", aside.display());
        }
        text += &describe(&file, &target, &checked.results, settings)?;
        output::finish(&text)
    }
}

fn use_pg_restore(url: &DatabaseUrl, file: &Path) -> String {
    format!(
        "nothing is restored: the database is on PostgreSQL, whose own program does that once the service \
         is stopped: pg_restore --clean --if-exists --no-owner --single-transaction --dbname={} {} \
         (it asks for the password, or takes it from PGPASSWORD or ~/.pgpass)",
        url.for_shell(),
        output::for_shell(&file.to_string_lossy())
    )
}

/// Errors: a part of either database is in another file than its own.
fn refuse_incomplete(file: &Path, target: &Path) -> Result<(), String> {
    if file.canonicalize().is_ok_and(|file| file == target) {
        return Err("nothing is restored: FILE is the database itself".to_owned());
    }
    if OpenMode::of(file) != OpenMode::Still {
        let name = file.display();
        return Err(format!(
            "nothing is restored: beside {name} is a log with writes that are not in it; make a copy of it with \
             `task-api backup`"
        ));
    }
    let stray = COMPANIONS.map(|companion| beside(target, companion));
    let mut stray = stray.iter().filter(|path| path.exists());
    if let (false, Some(stray)) = (target.exists(), stray.next()) {
        return Err(format!(
            "nothing is restored: {} is there without its database; move it away first",
            stray.display()
        ));
    }
    Ok(())
}

fn refuse_in_use(target: &Path) -> Result<(), String> {
    if target.exists() && sqlite_file::is_in_use(target).map_err(failed)? {
        return Err(in_use(target));
    }
    Ok(())
}

fn in_use(target: &Path) -> String {
    format!(
        "nothing is restored: another process has {} open; stop the service first",
        target.display()
    )
}

fn failed(error: io::Error) -> String {
    format!("nothing is restored: {error}")
}

/// Makes a copy of `file` beside `target` and lets it take its place. Returns where what was there is kept.
fn put_in_place(file: &Path, hash: &str, target: &Path) -> Result<Option<PathBuf>, String> {
    let mut draft = Draft::create(target).map_err(failed)?;
    if draft.copy_from(file).map_err(failed)? != hash {
        let name = file.display();
        return Err(format!(
            "nothing is restored: {name} changed while it was read"
        ));
    }
    if !target.exists() {
        like_folder(target, draft.path()).map_err(failed)?;
        draft.publish().map_err(failed)?;
        return Ok(None);
    }
    like(target, draft.path()).map_err(failed)?;
    let _alone = alone(target)?;
    let now: String = UtcTime::now().to_string();
    let digits = now
        .split('.')
        .next()
        .unwrap_or(&now)
        .replace(['-', ':'], "");
    let suffix = format!(".before-restore-{digits}Z");
    let aside = sqlite_file::keep_aside(target, &suffix).map_err(failed)?;
    draft.replace().map_err(failed)?;
    Ok(Some(aside))
}

/// Keeps others off the database until it is replaced. One that is not sound cannot be locked: it is kept
/// aside as it is, with what is beside it.
fn alone(target: &Path) -> Result<Option<Seized>, String> {
    if sqlite_file::page_size(target).map_err(failed)?.is_none() {
        return Ok(None);
    }
    match sqlite_file::seize(target) {
        Ok(seized) => Ok(Some(seized)),
        Err(error) if error.to_string().contains("locked") => Err(in_use(target)),
        Err(_) => Ok(None),
    }
}

/// Gives the file `new` the owner and the permissions of `old`.
fn like(old: &Path, new: &Path) -> io::Result<()> {
    let (old, own) = (fs::metadata(old)?, fs::metadata(new)?);
    if (old.uid(), old.gid()) != (own.uid(), own.gid()) {
        chown(new, Some(old.uid()), Some(old.gid()))?;
    }
    fs::set_permissions(new, old.permissions())
}

/// The owner of the folder is to use the file: root may restore for the service's user.
fn like_folder(target: &Path, new: &Path) -> io::Result<()> {
    let (folder, own) = (fs::metadata(folder(target))?, fs::metadata(new)?);
    if own.uid() == 0 && folder.uid() != 0 {
        chown(new, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(())
}

fn describe(
    file: &Path,
    target: &Path,
    results: &[IntegrityResult],
    settings: &Settings,
) -> Result<String, String> {
    let mut conn = sqlite::open(file, OpenMode::Still, &settings.database)?;
    let (users, tasks) = integrity::counts(&mut conn).map_err(reason)?;
    let mut text = format!(
        "restored {} to {}: users {users}, tasks {tasks}\n",
        file.display(),
        target.display()
    );
    let notes = results.iter().filter(|result| result.check == "migrations");
    for note in notes.filter_map(|result| result.note.as_deref()) {
        let pending = note.split(';').next().unwrap_or(note);
        text += &format!(
            "migrations {}: the next start applies them\n",
            one_line(pending)
        );
    }
    Ok(text)
}
