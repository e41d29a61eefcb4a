//! Accounts: registration, changes and deletion.

use diesel::{
    Connection,
    result::{DatabaseErrorKind::UniqueViolation, Error as DieselError},
};

use super::{
    events::record,
    steps::{STEP, Step},
};
use crate::{
    db::DbConn,
    error::{AppError, field::Location},
    models::{
        client::Client,
        email::Email,
        event::EventKind,
        time::UtcTime,
        user::{Credentials, NewUser, User},
    },
    repositories::{account_rows, sessions, users},
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
    users::insert(conn, &user).map_err(taken)
}

fn taken(error: DieselError) -> AppError {
    AppError::on_violation(UniqueViolation, AppError::EmailTaken)(error)
}

/// Runs `work`, which ends tokens of the user, in a transaction that holds the lock of the account. Errors:
/// those of `work`; `InvalidToken` where the user is gone.
pub fn change<T>(
    conn: &mut DbConn,
    user_id: i64,
    work: impl FnOnce(&mut DbConn, Credentials) -> Result<T, AppError>,
) -> Result<T, AppError> {
    conn.transaction(|conn| {
        let account = users::lock(conn, user_id)?.ok_or(AppError::REVOKED)?;
        work(conn, account)
    })
}

/// As [`change`], for a caller who has shown the password of `proven`. Errors: a wrong `current_password`
/// where that is no longer the password.
fn change_proven<T>(
    conn: &mut DbConn,
    proven: &Credentials,
    work: impl FnOnce(&mut DbConn, Credentials) -> Result<T, AppError>,
) -> Result<T, AppError> {
    change(conn, proven.user.id, |conn, account| {
        if account.password_hash != proven.password_hash {
            return Err(wrong_password());
        }
        work(conn, account)
    })
}

/// The answer to a wrong `current_password`: not `InvalidCredentials`, which would make clients think that
/// their token has ended.
pub fn wrong_password() -> AppError {
    let location = Location::Pointer("/current_password".to_owned());
    AppError::invalid(location, "incorrect", "is not the password of this account")
}

/// Sets another password and ends every session but `session_id`.
pub fn change_password(
    conn: &mut DbConn,
    proven: &Credentials,
    session_id: i64,
    password_hash: &str,
    client: &Client,
    now: UtcTime,
) -> Result<(), AppError> {
    change_proven(conn, proven, |conn, account| {
        let id = account.user.id;
        users::set_password_hash(conn, id, password_hash)?;
        sessions::delete_all(conn, id, Some(session_id))?;
        record(conn, id, EventKind::PasswordChanged, Some(client), now)
    })
}

/// Sets another e-mail address and ends every access token, but no session. Errors: `EmailTaken`.
pub fn change_email(
    conn: &mut DbConn,
    proven: &Credentials,
    email: &Email,
    client: &Client,
    now: UtcTime,
) -> Result<User, AppError> {
    change_proven(conn, proven, |conn, account| {
        let user = User {
            email: email.as_str().to_owned(),
            ..account.user.clone()
        };
        if user == account.user {
            return Ok(user);
        }
        // Those of this second end too, also where it has seen a change before.
        let not_before = now.unix_seconds().max(account.tokens_not_before) + 1;
        users::set_email(conn, user.id, &user.email, not_before).map_err(taken)?;
        record(conn, user.id, EventKind::EmailChanged, Some(client), now)?;
        Ok(user)
    })
}

/// Takes the first step of deleting the account: see [`erase`].
pub fn delete(
    conn: &mut DbConn,
    proven: &Credentials,
    client: &Client,
    now: UtcTime,
) -> Result<Step<()>, AppError> {
    change_proven(conn, proven, |conn, account| {
        erase(conn, account.user.id, Some(client), now)
    })
}

/// Ends the account with its sessions and tokens, and deletes rows that belong to it. [`erase_more`] is to follow
/// where there are more: it is what a background job does too. The event of the deletion stays. In a transaction
/// that holds the lock of the account.
pub fn erase(
    conn: &mut DbConn,
    user_id: i64,
    client: Option<&Client>,
    now: UtcTime,
) -> Result<Step<()>, AppError> {
    record(conn, user_id, EventKind::AccountDeleted, client, now)?;
    users::mark_deleted(conn, user_id, now)?;
    erase_rows(conn, user_id)
}

/// Deletes more rows of an account that has ended, and after the last one the user.
pub fn erase_more(conn: &mut DbConn, user_id: i64) -> Result<Step<()>, AppError> {
    conn.transaction(|conn| {
        if users::lock_deleted(conn, user_id)? {
            erase_rows(conn, user_id)
        } else {
            Ok(Step::Done(()))
        }
    })
}

/// The same for any account that has ended. Returns how many rows are gone; under [`STEP`] of them, no such
/// account is left that another transaction is not at.
pub fn erase_any(conn: &mut DbConn) -> Result<usize, AppError> {
    let mut rows = 0;
    while rows < STEP as usize
        && let Some(user_id) = users::lock_next_deleted(conn)?
    {
        rows += match erase_rows(conn, user_id)? {
            Step::Done(()) => 1,
            Step::More(rows) => rows,
        };
    }
    Ok(rows)
}

fn erase_rows(conn: &mut DbConn, user_id: i64) -> Result<Step<()>, AppError> {
    let kept = EventKind::AccountDeleted.as_str();
    let rows = account_rows::delete(conn, user_id, kept, STEP as usize)?;
    if rows == STEP as usize {
        return Ok(Step::More(rows));
    }
    users::delete(conn, user_id)?;
    // Those that concurrent requests wrote while they held the user's row.
    account_rows::delete(conn, user_id, kept, STEP as usize)?;
    Ok(Step::Done(()))
}
