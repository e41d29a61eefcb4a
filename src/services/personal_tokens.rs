//! Personal access tokens: for programs, with no more permissions than they need.

use diesel::Connection;

use super::{accounts, events::record, secrets, tasks::Page};
use crate::{
    db::DbConn,
    error::{AppError, field::Location},
    models::{
        client::Client,
        event::EventKind,
        opaque_token::{Kind, OpaqueToken},
        personal_token::{
            NewPersonalToken, PersonalToken, TOKEN_DAYS_MAX, TOKEN_LIFE_MAX, TokenName,
        },
        scope::Scopes,
        time::UtcTime,
    },
    repositories::personal_tokens,
};

/// A token that a user asks for.
#[derive(Debug)]
pub struct TokenRequest {
    pub name: TokenName,
    pub scopes: Scopes,
    pub expires_at: UtcTime,
}

/// Makes a token. It is shown now and never again: its hash alone is stored. Errors: `Validation` where it would not
/// expire in the future, or too late.
pub fn create(
    conn: &mut DbConn,
    user_id: i64,
    request: &TokenRequest,
    client: &Client,
    now: UtcTime,
) -> Result<(PersonalToken, OpaqueToken), AppError> {
    if request.expires_at <= now || now.plus(TOKEN_LIFE_MAX) < request.expires_at {
        let location = Location::Pointer("/expires_at".to_owned());
        let detail = format!("must be in the future, at most {TOKEN_DAYS_MAX} days from now");
        return Err(AppError::invalid(location, "range", detail));
    }
    let token = OpaqueToken::new(Kind::Personal, user_id, &secrets::random()?);
    let row = NewPersonalToken {
        user_id,
        hash: &token.hash,
        name: request.name.as_str(),
        scopes: request.scopes.to_string(),
        expires_at: request.expires_at,
        created_at: now,
    };
    conn.transaction(|conn| {
        let stored = personal_tokens::insert(conn, &row)?;
        record(conn, user_id, EventKind::TokenCreated, Some(client), now)?;
        Ok(stored)
    })
    .map(|stored| (stored, token))
}

/// One page of the tokens of `user_id`, newest first, after the token with the id `after`.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    after: Option<i64>,
    limit: u32,
) -> Result<Page<PersonalToken>, AppError> {
    let found = personal_tokens::list(conn, user_id, after, i64::from(limit) + 1)?;
    Ok(Page::cut(found, limit))
}

/// Ends a token. Errors: `NotFound`.
pub fn revoke(
    conn: &mut DbConn,
    user_id: i64,
    id: i64,
    client: &Client,
    now: UtcTime,
) -> Result<(), AppError> {
    accounts::change(conn, user_id, |conn, _| {
        if !personal_tokens::delete(conn, user_id, id)? {
            return Err(AppError::NotFound);
        }
        record(conn, user_id, EventKind::TokenRevoked, Some(client), now)
    })
}
