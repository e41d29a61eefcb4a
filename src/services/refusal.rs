//! Why a task is not changed.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::{error::AppError, models::task::Task};

/// A failure, or a task that has another version than the client demands.
#[derive(Debug)]
pub enum Refusal {
    Failed(AppError),
    /// The task as it is now.
    Mismatch(Box<Task>),
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

/// The one key of a task that can be in use is its external id.
impl From<DieselError> for Refusal {
    fn from(error: DieselError) -> Self {
        Self::Failed(match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                external_id_taken()
            }
            other => other.into(),
        })
    }
}

/// Another task of the user has the external id.
pub fn external_id_taken() -> AppError {
    AppError::Conflict("another task of yours has this external_id".to_owned())
}
