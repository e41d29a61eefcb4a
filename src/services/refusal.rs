//! Why a task is not changed.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::{
    error::AppError,
    models::{precondition::Unmet, task::Task},
};

/// A failure, or a task that has another version than the client demands.
#[derive(Debug)]
pub enum Refusal {
    Failed(AppError),
    /// The task as it is now, and what does not hold for it.
    Mismatch(Box<Task>, Unmet),
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl From<DieselError> for Refusal {
    fn from(error: DieselError) -> Self {
        Self::Failed(error.into())
    }
}

/// Why a task was not written: the one key of a task that can be in use is its external id, and the one row
/// that it points to is its owner, who was deleted meanwhile.
pub fn refused(error: DieselError) -> AppError {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => external_id_taken(),
        DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
            AppError::InvalidToken
        }
        other => other.into(),
    }
}

/// Another task of the user has the external id.
pub fn external_id_taken() -> AppError {
    AppError::Conflict("another task of yours has this external_id".to_owned())
}
