//! Readiness.

use crate::{
    db::{DbConn, migrations},
    error::{AppError, UnavailableReason},
};

/// The migrations that the service needs and the database lacks. Errors: `Unavailable` while the
/// database does not answer, or was never migrated.
pub fn pending_migrations(conn: &mut DbConn) -> Result<Vec<String>, AppError> {
    migrations::pending(conn).map_err(|error| {
        let reason = UnavailableReason::of(&error).unwrap_or(UnavailableReason::Other);
        let cause = format!("the database does not answer or was never migrated: {error}");
        AppError::unavailable(reason, cause)
    })
}
