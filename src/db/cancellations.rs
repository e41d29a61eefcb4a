//! How PostgreSQL says that it has cancelled a statement.

use std::sync::{Arc, OnceLock};

use diesel::{
    QueryResult, RunQueryDsl,
    connection::SimpleConnection,
    dsl::sql,
    result::{DatabaseErrorKind, Error as DieselError},
    sql_types::Bool,
};

use super::{connection::DbConn, manager::Manager, writer::write};
use crate::error::{AppError, UnavailableReason};

/// SQL: whether the messages of the server are in English.
pub const IN_ENGLISH: &str = "current_setting('lc_messages') ~ '^(C|POSIX|en|English)([._@]|$)'";

/// An advisory lock of this module: "task-msg" in ASCII.
const ADVISORY_LOCK: i64 = 0x7461_736b_2d6d_7367;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The messages of statements that were cancelled, in the language of the server. Of an error, Diesel passes on the
/// message and not the SQLSTATE, so the server is asked once how it words these.
#[derive(Debug, Clone, Default)]
pub struct Cancellations(Arc<OnceLock<Vec<String>>>);

impl Cancellations {
    /// `error` of work on `conn`, as `Unavailable` where it says that a statement was cancelled.
    pub fn recognise(&self, error: AppError, conn: &mut DbConn, manager: &Manager) -> AppError {
        let (AppError::Internal { cause }, DbConn::Postgres(_)) = (&error, &*conn) else {
            return error;
        };
        if self.0.get().is_none() {
            match learn(conn, manager) {
                Ok(messages) => {
                    self.0.get_or_init(|| messages);
                }
                Err(error) => {
                    log::debug!("the messages of cancelled statements are not known: {error}");
                }
            }
        }
        if self
            .0
            .get()
            .is_some_and(|messages| messages.contains(cause))
        {
            AppError::unavailable(UnavailableReason::Timeout, cause)
        } else {
            error
        }
    }
}

/// Has statements cancelled in each way. None where the messages are in English, which
/// [`UnavailableReason`] knows.
fn learn(conn: &mut DbConn, manager: &Manager) -> Result<Vec<String>, Failure> {
    if sql::<Bool>(&format!("SELECT {IN_ENGLISH}")).get_result(conn)? {
        return Ok(Vec::new());
    }
    let lock = format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})");
    let cancel = "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)";
    write(&mut manager.open()?, |other| {
        other.batch_execute(&lock)?;
        Ok(vec![
            message(conn, "SET LOCAL lock_timeout = 1", &lock)?,
            message(
                conn,
                "SET LOCAL statement_timeout = 1",
                "SELECT pg_sleep(1)",
            )?,
            message(conn, "SET LOCAL statement_timeout = 0", cancel)?,
        ])
    })
}

/// How `statement` fails under `setting`.
fn message(conn: &mut DbConn, setting: &str, statement: &str) -> QueryResult<String> {
    let outcome = write(conn, |conn| {
        conn.batch_execute(setting)?;
        conn.batch_execute(statement)
    });
    match outcome {
        Err(DieselError::DatabaseError(DatabaseErrorKind::Unknown, info)) => {
            Ok(info.message().to_owned())
        }
        Err(other) => Err(other),
        Ok(()) => Err(DieselError::NotFound),
    }
}
