//! Personal access tokens: for programs, with no more permissions than they need.

use diesel::Connection;

use super::{accounts, events::record, secrets, tasks::Page};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        client::Client,
        event::EventKind,
        opaque_token::{Kind, OpaqueToken},
        personal_token::{NewPersonalToken, PersonalToken, TokenName},
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

/// Makes a token. It is returned now and never again: its hash alone is stored.
pub fn create(
    conn: &mut DbConn,
    user_id: i64,
    request: &TokenRequest,
    client: &Client,
    now: UtcTime,
) -> Result<(PersonalToken, OpaqueToken), AppError> {
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
