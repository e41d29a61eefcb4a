//! The database of the settings, and SQLite files, as commands open them beside a running service.

use std::path::{self, Path, PathBuf};

use super::output::one_line;
use crate::{
    config::settings::{DatabaseSettings, DatabaseUrl},
    db::{
        DbConn,
        manager::{Access, Manager},
        migrations,
        sqlite_file::{self, OpenMode},
    },
};

/// The SQLite file that `url` names, by the name under which it is kept; `None` for PostgreSQL.
pub fn file(url: &DatabaseUrl) -> Option<PathBuf> {
    let path = url.file()?;
    // What is beside a database is beside the file, not beside a link to it.
    Some(path.canonicalize().unwrap_or(path))
}

/// Opens an SQLite file to be read. Errors, in a sentence: it is not there or not to be read.
pub fn read_file(
    path: &Path,
    mode: OpenMode,
    settings: &DatabaseSettings,
) -> Result<DbConn, String> {
    let cannot = |cause: &str| format!("cannot read {}: {}", path.display(), one_line(cause));
    std::fs::File::open(path).map_err(|error| cannot(&error.to_string()))?;
    sqlite_file::open_read_only(path, mode, settings.timeout)
        .map_err(|error| cannot(&error.to_string()))
}

/// Opens the database of the settings to be read, and leaves no trace. Errors, in a sentence: it is not there, or
/// cannot be read.
pub fn read(settings: &DatabaseSettings) -> Result<DbConn, String> {
    refuse_missing(settings)?;
    match file(&settings.url) {
        Some(file) => read_file(&file, OpenMode::Live, settings),
        None => connect(settings),
    }
}

/// A connection that may write; an SQLite file is made where there is none. Errors: the database cannot be reached,
/// in a sentence.
pub fn connect(settings: &DatabaseSettings) -> Result<DbConn, String> {
    open(&Manager::new(settings, Access::Write))
}

/// As [`connect`], but makes no file: in the wrong folder that would leave an empty one behind.
pub fn connect_existing(settings: &DatabaseSettings) -> Result<DbConn, String> {
    refuse_missing(settings)?;
    connect(settings)
}

/// A connection that waits for the writes of others no longer than the settings say. Errors, in a sentence: the database
/// is not there or out of reach, or its migrations are pending; a command applies none, since a running service may be of
/// an older version.
pub fn connect_migrated(settings: &DatabaseSettings) -> Result<DbConn, String> {
    const REMEDY: &str = "start the service, or run `task-api migrate run` first";
    refuse_missing(settings)?;
    // The operator sees for themselves that a command is slow.
    let mut conn = open(&Manager::new(settings, Access::Write).for_requests(None))?;
    let pending = match migrations::pending(&mut conn) {
        Ok(pending) if pending.is_empty() => return Ok(conn),
        Ok(pending) => pending.join(", "),
        Err(error) => format!("all ({})", one_line(&error.to_string())),
    };
    Err(format!("migrations are pending: {pending}; {REMEDY}"))
}

fn open(manager: &Manager) -> Result<DbConn, String> {
    manager.open().map_err(|error| {
        let cause = one_line(&error.to_string());
        // As PostgreSQL says it in English; in other languages the cause has to do.
        let is_missing = cause.contains("database \"") && cause.ends_with("does not exist");
        let remedy = if is_missing {
            "; create it (CREATE DATABASE), then run `task-api migrate run` or start the service"
        } else {
            ""
        };
        format!("cannot connect to the database: {cause}{remedy}")
    })
}

fn refuse_missing(settings: &DatabaseSettings) -> Result<(), String> {
    let Some(file) = settings.url.file().filter(|file| !file.exists()) else {
        return Ok(());
    };
    // In the wrong folder, the name alone would not say what is wrong.
    let file = path::absolute(&file).unwrap_or(file);
    Err(format!(
        "there is no database yet: the file {} does not exist; `task-api migrate run` or the start of the service \
         creates it; if it is elsewhere, correct DATABASE_URL",
        file.display()
    ))
}
