//! Whether the service can do its work.

use crate::{db::DbConn, error::AppError, repositories::health};

/// Errors: `Unavailable` while the database does not answer or migrations are pending.
pub fn check_ready(conn: &mut DbConn) -> Result<(), AppError> {
    let pending = health::pending_migrations(conn).map_err(|error| {
        AppError::unavailable(format!(
            "not ready: the database does not answer or was never migrated: {error}"
        ))
    })?;
    if pending.is_empty() {
        return Ok(());
    }
    Err(AppError::unavailable(format!(
        "not ready: migrations are pending: {}",
        pending.join(", ")
    )))
}
