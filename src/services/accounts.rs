//! Registration, and finding who someone is.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::{
    db::DbConn,
    error::AppError,
    models::{
        email::Email,
        time::UtcTime,
        user::{Credentials, NewUser, User},
    },
    repositories::users,
    services::tokens::Claims,
};

/// Makes an account. Errors: `EmailTaken`.
pub fn register(
    conn: &mut DbConn,
    email: &Email,
    password_hash: &str,
    now: UtcTime,
) -> Result<User, AppError> {
    let user = NewUser {
        email: email.as_str(),
        password_hash,
        created_at: now,
    };
    users::insert(conn, &user).map_err(|error| match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => AppError::EmailTaken,
        other => other.into(),
    })
}

/// What a login as `email` is checked against, if there is such an account.
pub fn credentials(conn: &mut DbConn, email: &Email) -> Result<Option<Credentials>, AppError> {
    Ok(users::find_credentials(conn, email.as_str())?)
}

/// How far the clocks of two copies may be apart, in seconds.
const CLOCK_SKEW: i64 = 5;

/// The user whom a verified token names. Errors: `InvalidToken` where the user is gone, also where
/// another account has the address now: a token is never older than its account.
pub fn current_user(conn: &mut DbConn, claims: &Claims) -> Result<User, AppError> {
    users::find_by_email(conn, &claims.sub)?
        .filter(|user| user.created_at.unix_seconds() <= claims.iat.saturating_add(CLOCK_SKEW))
        .ok_or(AppError::InvalidToken)
}
