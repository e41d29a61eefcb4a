//! One connection type over both engines.

use diesel::{PgConnection, SqliteConnection};

/// A connection to either engine. Queries written for it run on both.
#[derive(diesel::MultiConnection)]
pub enum DbConn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}
