//! Changes of accounts by operators, who need no password.

use super::{accounts, events::record, steps::Step};
use crate::{
    db::DbConn,
    error::AppError,
    models::{email::Email, event::EventKind, time::UtcTime, user::User},
    repositories::{sessions, users},
};

/// The next `most` users after the one with the id `after`, by id.
pub fn list(conn: &mut DbConn, after: i64, most: i64) -> Result<Vec<User>, AppError> {
    Ok(users::list(conn, after, most)?)
}

/// Sets another password and ends every session. Errors: `NotFound`.
pub fn set_password(
    conn: &mut DbConn,
    email: &Email,
    password_hash: &str,
    now: UtcTime,
) -> Result<(), AppError> {
    let user = find(conn, email)?;
    accounts::change(conn, user.id, |conn, _| {
        users::set_password_hash(conn, user.id, password_hash)?;
        sessions::delete_all(conn, user.id, None)?;
        record(conn, user.id, EventKind::PasswordChanged, None, now)
    })
}

/// Ends every session and returns how many there were. Errors: `NotFound`.
pub fn revoke_sessions(conn: &mut DbConn, email: &Email, now: UtcTime) -> Result<usize, AppError> {
    let user = find(conn, email)?;
    accounts::change(conn, user.id, |conn, _| {
        let ended = sessions::delete_all(conn, user.id, None)?;
        if ended > 0 {
            record(conn, user.id, EventKind::SessionRevoked, None, now)?;
        }
        Ok(ended)
    })
}

/// Takes the first step of deleting the account. Returns the user's id where rows are left:
/// [`accounts::erase_more`] is to follow. Errors: `NotFound`.
pub fn delete(conn: &mut DbConn, email: &Email, now: UtcTime) -> Result<Option<i64>, AppError> {
    let user = find(conn, email)?;
    let step = accounts::change(conn, user.id, |conn, account| {
        accounts::erase(conn, account.user.id, None, now)
    })?;
    Ok(match step {
        Step::Done(()) => None,
        Step::More(_) => Some(user.id),
    })
}

fn find(conn: &mut DbConn, email: &Email) -> Result<User, AppError> {
    users::find_by_email(conn, email.as_str())?.ok_or(AppError::NotFound)
}
