//! Looking at a database that may be sick, without leaving a trace.

use std::path::Path;

use diesel::{ConnectionError, result::ConnectionResult};

use super::{
    connection::DbConn,
    files::beside,
    manager::{Access, Manager},
};
use crate::config::settings::{DatabaseSettings, Engine};

/// A connection that only reads. An SQLite file is not made where there is none.
pub fn open(settings: &DatabaseSettings) -> ConnectionResult<DbConn> {
    let url = match settings.url.engine {
        Engine::Postgres => settings.url.clone(),
        Engine::Sqlite => sqlite_url(settings)
            .parse()
            .map_err(ConnectionError::BadConnection)?,
    };
    let settings = DatabaseSettings {
        url,
        ..settings.clone()
    };
    Manager::new(&settings, Access::Inspect).open()
}

/// The last to leave a file moves what is in its log into it, unless it may only read; who may only
/// read leaves an empty log behind where there was none.
fn sqlite_url(settings: &DatabaseSettings) -> String {
    let url = settings.url.expose();
    if url.contains("mode=") {
        return url.to_owned();
    }
    let file = settings.url.file().unwrap_or_default();
    let mode = if has_log(&file) { "ro" } else { "rw" };
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}mode={mode}")
}

fn has_log(file: &Path) -> bool {
    std::fs::metadata(beside(file, "-wal")).is_ok_and(|log| log.len() > 0)
}
