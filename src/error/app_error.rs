//! Every failure that an operation can have.

use std::{mem::discriminant, time::Duration};

use actix_web::http::header::HeaderName;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::value::RawValue;

use super::{
    code::ErrorCode,
    field::{self, FieldError},
    token_fault::TokenFault,
    unavailable::UnavailableReason,
};

/// The setting that lists the origins whose pages may call.
pub const CORS_ORIGINS: &str = "APP_SERVER__CORS_ORIGINS";

/// A failure, in the terms of the product. `Internal` and `Unavailable` carry their cause for the
/// log; no client ever sees it.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("{0}")]
    Malformed(String),
    #[error("this e-mail address is already in use")]
    EmailTaken,
    #[error("this operation needs an access token in the Authorization header")]
    NotAuthenticated,
    #[error("{0}")]
    InvalidToken(TokenFault),
    #[error("wrong e-mail address or password")]
    InvalidCredentials,
    /// What a personal access token lacks; `None` where no scope would do.
    #[error("{}", lacking(.scope))]
    InsufficientScope { scope: Option<&'static str> },
    /// The origin of the page that sent the request.
    #[error("the origin {0:?} of the page that sent this request is not listed in {CORS_ORIGINS}")]
    OriginNotAllowed(String),
    #[error("nothing is at this address, or it is not yours")]
    NotFound,
    #[error("a request with the same Idempotency-Key is still running")]
    RequestInProgress,
    #[error("{0}")]
    Conflict(String),
    /// The open tasks by which the task is blocked, in order of id.
    #[error("blocked by {}; force=true does it all the same", tasks(.blocked_by))]
    Blocked { blocked_by: Vec<i64> },
    /// Another task of the user has the external id. `holder` is its id, where it is known.
    #[error("{}", taken(*.holder))]
    ExternalIdTaken {
        external_id: String,
        holder: Option<i64>,
    },
    /// `current` is the resource as it is now, as JSON.
    #[error("{detail}")]
    VersionMismatch {
        detail: String,
        current: Box<RawValue>,
    },
    #[error("this Idempotency-Key was used for a different request before")]
    KeyReused,
    /// The operation at `index` of an atomic batch.
    #[error("{error}")]
    InBatch { index: usize, error: Box<AppError> },
    #[error("the body is larger than the limit of {limit} bytes")]
    PayloadTooLarge { limit: usize },
    /// `headers` say what would be accepted.
    #[error("{detail}")]
    UnsupportedMediaType {
        detail: String,
        headers: Vec<(HeaderName, String)>,
    },
    #[error("{}", field::summary(.0))]
    Validation(Vec<FieldError>),
    /// `quota` in each `window`, by the policy of this name; more after `wait`.
    #[error("too many attempts: the limit is {quota} in {} seconds; try again in {} seconds", .window.as_secs(), seconds(.wait))]
    TooManyRequests {
        policy: &'static str,
        quota: u32,
        window: Duration,
        wait: Duration,
    },
    #[error("the server failed; its log has the cause under the request_id")]
    Internal { cause: String },
    #[error("not ready: {0}")]
    NotReady(String),
    #[error("the service cannot answer at the moment; try again shortly")]
    Unavailable {
        reason: UnavailableReason,
        cause: String,
    },
}

impl AppError {
    /// The token, or what it stands for, is not there any more.
    pub const REVOKED: Self = Self::InvalidToken(TokenFault::Revoked);

    /// A failure of ours; `cause` is for the log.
    pub fn internal(cause: impl ToString) -> Self {
        Self::Internal {
            cause: cause.to_string(),
        }
    }

    /// A failure that time may heal; `cause` is for the log.
    pub fn unavailable(reason: UnavailableReason, cause: impl ToString) -> Self {
        Self::Unavailable {
            reason,
            cause: cause.to_string(),
        }
    }

    /// Maps an error of Diesel: to `instead` where a constraint of this kind is violated.
    pub fn on_violation(
        kind: DatabaseErrorKind,
        instead: Self,
    ) -> impl FnOnce(DieselError) -> Self {
        move |error| match error {
            DieselError::DatabaseError(found, _) if discriminant(&found) == discriminant(&kind) => {
                instead
            }
            other => other.into(),
        }
    }

    /// Its row in the table of codes.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed(_) => ErrorCode::MalformedRequest,
            Self::EmailTaken => ErrorCode::EmailTaken,
            Self::NotAuthenticated => ErrorCode::NotAuthenticated,
            Self::InvalidToken(_) => ErrorCode::InvalidToken,
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::InsufficientScope { .. } => ErrorCode::InsufficientScope,
            Self::OriginNotAllowed(_) => ErrorCode::OriginNotAllowed,
            Self::NotFound => ErrorCode::NotFound,
            Self::RequestInProgress => ErrorCode::RequestInProgress,
            Self::Conflict(_) | Self::ExternalIdTaken { .. } => ErrorCode::Conflict,
            Self::Blocked { .. } => ErrorCode::Blocked,
            Self::VersionMismatch { .. } => ErrorCode::VersionMismatch,
            Self::KeyReused => ErrorCode::IdempotencyKeyReused,
            Self::InBatch { error, .. } => error.code(),
            Self::PayloadTooLarge { .. } => ErrorCode::PayloadTooLarge,
            Self::UnsupportedMediaType { .. } => ErrorCode::UnsupportedMediaType,
            Self::Validation(_) => ErrorCode::ValidationFailed,
            Self::TooManyRequests { .. } => ErrorCode::TooManyRequests,
            Self::Internal { .. } => ErrorCode::InternalError,
            Self::NotReady(_) | Self::Unavailable { .. } => ErrorCode::Unavailable,
        }
    }

    /// Whether the fault is the service's own, and not the request's.
    pub fn is_server_fault(&self) -> bool {
        self.code().status().is_server_error()
    }

    /// Why it is `Unavailable`, if it is.
    pub fn unavailable_reason(&self) -> Option<UnavailableReason> {
        match self {
            Self::Unavailable { reason, .. } => Some(*reason),
            _ => None,
        }
    }

    /// The cause of a failure of the server, for the log.
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Internal { cause } | Self::Unavailable { cause, .. } => Some(cause),
            Self::InBatch { error, .. } => error.cause(),
            _ => None,
        }
    }
}

fn lacking(scope: &Option<&str>) -> String {
    match scope {
        Some(scope) => format!("the personal access token lacks the scope {scope}"),
        None => {
            "only an access token from a login may do this, no personal access token".to_owned()
        }
    }
}

/// `task 5` or `the tasks 5, 6`.
fn tasks(ids: &[i64]) -> String {
    let named: Vec<String> = ids.iter().map(i64::to_string).collect();
    let noun = if ids.len() == 1 { "task" } else { "the tasks" };
    format!("{noun} {}", named.join(", "))
}

fn taken(holder: Option<i64>) -> String {
    match holder {
        Some(id) => format!("task {id} has this external_id already"),
        None => {
            "another task, changed at the same moment or by the same request, has this external_id"
                .to_owned()
        }
    }
}

/// Whole seconds, rounded up: a client that waits so long has waited enough.
pub fn seconds(duration: &Duration) -> u64 {
    duration.as_millis().div_ceil(1000) as u64
}

/// An error that no repository expected: the database is out of reach or out of room, or the
/// statement itself is wrong.
impl From<DieselError> for AppError {
    fn from(error: DieselError) -> Self {
        match UnavailableReason::of(&error) {
            Some(reason) => Self::unavailable(reason, error),
            None => Self::internal(error),
        }
    }
}
