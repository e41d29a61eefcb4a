//! What the embedded migrations make of an empty SQLite file.

use diesel::{
    Connection, RunQueryDsl, SqliteConnection, deserialize::QueryableByName, sql_query,
    sql_types::Text,
};

use super::{connection::DbConn, migrations};
use crate::error::AppError;

#[derive(QueryableByName)]
struct Object {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Every table, index and trigger that has a name of its own, as `table tasks`, in order.
pub const OBJECTS: &str = "SELECT type || ' ' || name AS name FROM sqlite_master \
     WHERE name NOT LIKE 'sqlite%' ORDER BY 1";

/// The answer to [`OBJECTS`] in a database with all migrations.
pub fn sqlite_objects() -> Result<Vec<String>, AppError> {
    let conn = SqliteConnection::establish(":memory:").map_err(AppError::internal)?;
    let mut conn = DbConn::Sqlite(conn);
    migrations::run_pending(&mut conn).map_err(AppError::internal)?;
    let objects: Vec<Object> = sql_query(OBJECTS).load(&mut conn)?;
    Ok(objects.into_iter().map(|object| object.name).collect())
}
