//! One connection type over both engines.

use diesel::{PgConnection, SqliteConnection};

use crate::error::AppError;

/// A connection to either engine. Queries written for it run on both.
#[derive(diesel::MultiConnection)]
pub enum DbConn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// What a request does with a connection, on another thread.
pub trait Work<T>: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static {}

impl<T, F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static> Work<T> for F {}
