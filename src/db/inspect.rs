//! A connection to a database that may be damaged, which leaves no trace.

use std::path::Path;

use diesel::{ConnectionError, result::ConnectionResult};

use super::{
    connection::DbConn,
    files::beside,
    manager::{Access, Manager},
};
use crate::config::settings::DatabaseSettings;

/// A connection that only reads. An SQLite file is not made where there is none.
pub fn open(settings: &DatabaseSettings) -> ConnectionResult<DbConn> {
    let url = match settings.url.file() {
        None => settings.url.clone(),
        Some(file) => settings
            .url
            .in_mode(mode(&file))
            .map_err(ConnectionError::BadConnection)?,
    };
    let settings = DatabaseSettings {
        url,
        ..settings.clone()
    };
    Manager::new(&settings, Access::Inspect).open()
}

/// The last connection to a file moves the content of its log into it when it closes, unless it is read-only; a
/// read-only one leaves an empty log behind where there was none.
fn mode(file: &Path) -> &'static str {
    let has_log = std::fs::metadata(beside(file, "-wal")).is_ok_and(|log| log.len() > 0);
    if has_log { "ro" } else { "rw" }
}
