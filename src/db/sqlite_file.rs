//! An SQLite file beside or without the service: read as it is, copied, taken for oneself.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use diesel::{
    Connection, ConnectionError, QueryResult, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection, result::ConnectionResult, sql_query, sql_types::Text,
};
use rustix::{
    fs::{FlockOperation, fcntl_lock},
    io::Errno,
};
use url::Url;

use super::{
    connection::DbConn,
    files::{beside, sync_folder},
    query::texts,
};

/// Suffixes of the files that SQLite keeps beside a database; they hold writes that are not in it yet.
pub const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Parameters of SQLite for a file that no process writes to. What is beside it is not looked at.
const WITHOUT_LOG: &str = "mode=ro&immutable=1";

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Others may write to it.
    Live,
    /// No process writes to it, unless there is a log beside it.
    Still,
}

/// Whether all writes are in the file: no log or journal is beside it.
pub fn is_complete(path: &Path) -> bool {
    !beside(path, "-wal").exists() && !beside(path, "-journal").exists()
}

/// Opens `path` so that nothing is written to it and nothing left beside it; only a write that was left unfinished
/// is undone.
pub fn open_read_only(path: &Path, mode: OpenMode, timeout: Duration) -> ConnectionResult<DbConn> {
    let how = if beside(path, "-journal").exists() {
        "mode=rw"
    } else if beside(path, "-wal").exists() {
        // The last one to close it would move the log into the file, if it might write.
        "mode=ro"
    } else if mode == OpenMode::Live {
        // One that may not write would leave an empty log behind.
        "mode=rw"
    } else {
        WITHOUT_LOG
    };
    open_to_read(path, how, timeout)
}

/// Opens the file as it is without what is beside it, and reads what is in it alone.
pub fn open_without_log(path: &Path, timeout: Duration) -> ConnectionResult<DbConn> {
    open_to_read(path, WITHOUT_LOG, timeout)
}

fn open_to_read(path: &Path, how: &str, timeout: Duration) -> ConnectionResult<DbConn> {
    let mut conn = open(path, how)?;
    let timeout = timeout.as_millis();
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {timeout}; PRAGMA query_only = ON"
    ))
    .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// Writes all that a read transaction sees now into the empty file `copy`; writers go on meanwhile.
/// Nothing is waited for to reach the disk.
pub fn copy_into(conn: &mut DbConn, copy: &Path) -> QueryResult<()> {
    // It is said of the copy too.
    conn.batch_execute("PRAGMA query_only = OFF")?;
    sql_query("VACUUM INTO $1")
        .bind::<Text, _>(copy.to_string_lossy().into_owned())
        .execute(conn)?;
    Ok(())
}

/// Whether another process has the file open as a database: in WAL mode each connection holds a lock for
/// as long as it lasts, an idle one too. Only where this process has no connection to it, whose own
/// locks would be lost.
pub fn is_in_use(path: &Path) -> io::Result<bool> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(false),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Whether the file begins as a database does. Only where this process has no connection to it, as with
/// [`is_in_use`].
pub fn is_database(path: &Path) -> io::Result<bool> {
    let mut header = Vec::new();
    File::open(path)?.take(100).read_to_end(&mut header)?;
    Ok(header.len() == 100 && header.starts_with(b"SQLite format 3\0"))
}

/// Opens a file that no other process has open, with all that its log holds written into it; no log is kept from now
/// on. Errors: another process has it open, or it is no sound database. Of what is no [database](is_database),
/// SQLite would delete the log.
pub fn open_alone(path: &Path) -> ConnectionResult<DbConn> {
    let mut conn = open(path, "mode=rw")?;
    // Another mode than WAL is only to be had alone, and has no file beside it that holds writes.
    let mode = texts(&mut conn, "PRAGMA journal_mode = DELETE")
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    if mode != ["delete"] {
        return Err(ConnectionError::BadConnection("database is locked".into()));
    }
    Ok(conn)
}

/// As [`open_alone`], and no other process can use it as a database until the connection is dropped.
pub fn seize(path: &Path) -> ConnectionResult<DbConn> {
    let mut conn = open_alone(path)?;
    conn.batch_execute("BEGIN EXCLUSIVE")
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// Gives the file and what is beside it a second place: `path` with `suffix`, where nothing is yet. The file
/// keeps its name too, until another takes it; what is beside it does not. Returns the place.
pub fn keep_aside(path: &Path, suffix: &str) -> io::Result<PathBuf> {
    let aside = beside(path, suffix);
    fs::hard_link(path, &aside)?;
    for companion in COMPANIONS {
        let from = beside(path, companion);
        if from.exists() {
            fs::rename(from, beside(&aside, companion))?;
        }
    }
    sync_folder(path)?;
    Ok(aside)
}

fn open(path: &Path, how: &str) -> ConnectionResult<DbConn> {
    let path = std::path::absolute(path).ok();
    let url = path.and_then(|path| Url::from_file_path(path).ok());
    let mut url = url.ok_or(ConnectionError::BadConnection("no path".into()))?;
    url.set_query(Some(how));
    SqliteConnection::establish(url.as_str()).map(DbConn::Sqlite)
}
