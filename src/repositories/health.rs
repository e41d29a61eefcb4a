//! Whether the database answers and is current.

use diesel::QueryResult;

use crate::db::{DbConn, migrations};

/// The embedded migrations that are not applied, in order. Errors: where the database does not
/// answer, or was never migrated.
pub fn pending_migrations(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    migrations::pending(conn)
}
