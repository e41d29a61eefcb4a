//! Why a task or a project is not changed.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::{
    db::DbConn,
    error::AppError,
    models::{precondition::Unmet, task::Task},
    repositories::tasks,
};

/// A failure, or a row that has another version than the client demands.
#[derive(Debug)]
pub enum Refusal<T = Task> {
    Failed(AppError),
    /// The row as it is now, and what does not hold for it.
    Mismatch(Box<T>, Unmet),
}

impl<T> From<AppError> for Refusal<T> {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl<T> From<DieselError> for Refusal<T> {
    fn from(error: DieselError) -> Self {
        Self::Failed(error.into())
    }
}

/// Why a task was not written: the one key of a task that can be in use is its external id, and the one row
/// that it points to is its owner, who was deleted meanwhile.
pub fn refused(error: DieselError, external_id: Option<&str>) -> AppError {
    match (error, external_id) {
        (DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _), Some(id)) => taken(id),
        (DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _), _) => {
            AppError::REVOKED
        }
        (other, _) => other.into(),
    }
}

/// Another task of the user has the external id; which, [`with_holder`] says.
pub fn taken(external_id: &str) -> AppError {
    AppError::ExternalIdTaken {
        external_id: external_id.to_owned(),
        holder: None,
    }
}

/// The same error, with the task that has the external id. For after the transaction of the write: in one in which a
/// statement has failed, PostgreSQL answers no other.
pub fn with_holder(conn: &mut DbConn, user_id: i64, error: AppError) -> AppError {
    let AppError::ExternalIdTaken {
        external_id,
        holder: None,
    } = error
    else {
        return error;
    };
    let sought = [external_id];
    match tasks::holders(conn, user_id, &sought) {
        Ok(found) => {
            let [external_id] = sought;
            let holder = found.first().map(|(_, id)| *id);
            AppError::ExternalIdTaken {
                external_id,
                holder,
            }
        }
        Err(error) => error.into(),
    }
}
