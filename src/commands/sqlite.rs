//! The SQLite file of the settings, and others, as commands open them: never to write.

use std::path::{Path, PathBuf};

use super::output::one_line;
use crate::{
    config::settings::{DatabaseSettings, DatabaseUrl},
    db::{
        DbConn,
        sqlite_file::{self, OpenMode},
    },
};

/// The file that `url` names, by the name under which it is kept; `None` for PostgreSQL.
pub fn file(url: &DatabaseUrl) -> Option<PathBuf> {
    let path = url.file()?;
    // What is beside a database is beside the file, not beside a link to it.
    Some(path.canonicalize().unwrap_or(path))
}

/// Opens `path` to be read. Errors, in a sentence: it is not there or not to be read.
pub fn open(path: &Path, mode: OpenMode, settings: &DatabaseSettings) -> Result<DbConn, String> {
    let cannot = |cause: &str| format!("cannot read {}: {}", path.display(), one_line(cause));
    std::fs::File::open(path).map_err(|error| cannot(&error.to_string()))?;
    sqlite_file::open_read_only(path, mode, settings.timeout)
        .map_err(|error| cannot(&error.to_string()))
}
