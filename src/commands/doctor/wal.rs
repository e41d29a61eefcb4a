//! The write-ahead log of an SQLite file, where it belongs to another file or cannot be used.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::Path,
};

use super::check::CheckResult;
use crate::{
    config::settings::DatabaseSettings,
    db::{
        files::beside,
        query::number,
        sqlite_file::{self, OpenMode},
        wal_file,
    },
    error::AppError,
    models::integrity::IntegrityResult,
    services::integrity,
};

const CHECK: &str = "log";

/// A log that is older than its file and yet holds what the file does not: it may have been left by another file of
/// this name. To be called before this process opens the file; `None` where another process has it open.
pub fn older(file: &Path) -> Option<CheckResult> {
    let log = beside(file, "-wal");
    if !is_older(&log, file) || sqlite_file::is_in_use(file).unwrap_or(true) {
        return None;
    }
    wal_file::is_ahead(file).ok().filter(|ahead| *ahead)?;
    let log = log.display();
    Some(CheckResult::warning(
        CHECK,
        format!("{log} is older than the file, and is read over it"),
        format!(
            "if the file was copied there, move {log} and the -shm file away before the start; if not, leave them: \
             they hold acknowledged writes"
        ),
    ))
}

/// By the times of their content; where a copy has kept these, by the times of their arrival.
fn is_older(log: &Path, file: &Path) -> bool {
    let (Ok(log), Ok(file)) = (fs::metadata(log), fs::metadata(file)) else {
        return false;
    };
    let modified = |of: &Metadata| (of.mtime(), of.mtime_nsec());
    modified(&log) < modified(&file) || log.ctime() + 1 < file.ctime()
}

/// What is wrong beside a file that has failed a check, but is sound by itself.
pub fn explain(file: &Path, settings: &DatabaseSettings) -> Option<CheckResult> {
    let mut alone = sqlite_file::open_without_log(file, settings.timeout).ok()?;
    let is_sound = |result: &IntegrityResult| result.faults.is_empty();
    let by_itself = integrity::check(&mut alone).ok()?;
    if !by_itself.iter().all(is_sound) {
        return None;
    }
    let mut conn = sqlite_file::open_read_only(file, OpenMode::Live, settings.timeout).ok()?;
    let log = beside(file, "-wal");
    let (file, log) = (file.display(), log.display());
    let read = number(&mut conn, "SELECT COUNT(*) FROM sqlite_schema").map_err(AppError::from);
    if let Err(AppError::Unavailable { cause, .. }) = read {
        return Some(CheckResult::failure(
            CHECK,
            format!(
                "{file} is sound, but its write-ahead log and shared memory cannot be used beside it: {cause}"
            ),
            "move the database to a local file system: those of networks, and some of containers, have no shared memory; \
             or use PostgreSQL",
        ));
    }
    let with_log = integrity::check(&mut conn).ok()?;
    let is_damaged = with_log
        .iter()
        .any(|result| result.check == "pages" && !is_sound(result));
    is_damaged.then(|| {
        CheckResult::failure(
            CHECK,
            format!("{file} is sound, but not with {log}, which belongs to another file"),
            format!(
                "the file was copied there: stop the service, and move {log} and the -shm file away"
            ),
        )
    })
}
