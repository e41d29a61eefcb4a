//! Sessions: from login to logout, kept alive by refresh tokens (RFC 6749 section 6) that are rotated at
//! every use (RFC 9700 section 4.14.2).

use std::time::Duration;

use diesel::Connection;

use super::{
    accounts,
    events::record,
    secrets,
    tasks::Page,
    tokens::{AccessToken, TokenKeys},
};
use crate::{
    db::DbConn,
    error::{AppError, TokenFault},
    models::{
        client::Client,
        event::EventKind,
        identity::Actor,
        opaque_token::{Kind, OpaqueToken},
        session::{LogoutScope, NewRefreshToken, NewSession, RefreshToken, Session, SessionUse},
        time::UtcTime,
        user::Credentials,
    },
    repositories::{refresh_tokens, sessions, users},
};

/// How long a refresh token may be used again after its first use: two tabs of one browser may both
/// hold it.
const GRACE: Duration = Duration::from_secs(10);

/// The same while its child was never used: the answer may have been lost, so that the client never had it.
const LOST_ANSWER_GRACE: Duration = Duration::from_secs(10 * 60);

/// How long a session lives.
#[derive(Debug, Clone, Copy)]
pub struct SessionLife {
    /// Without being refreshed.
    pub idle: Duration,
    /// From its login on.
    pub max: Duration,
}

impl SessionLife {
    fn end(&self, created_at: UtcTime, now: UtcTime) -> UtcTime {
        now.plus(self.idle).min(created_at.plus(self.max))
    }
}

/// The tokens of a login or a refresh.
#[derive(Clone)]
pub struct TokenPair {
    pub access: AccessToken,
    pub refresh: OpaqueToken,
}

/// The outcome of a refresh.
pub enum Refreshed {
    Pair(TokenPair),
    /// It was used before, so that someone else may have it: its session has ended.
    Reused,
}

/// Begins a session for a client that has shown the password of `credentials`. Errors:
/// `InvalidCredentials` where that is no longer the password.
pub fn start(
    conn: &mut DbConn,
    keys: &TokenKeys,
    life: SessionLife,
    credentials: &Credentials,
    client: &Client,
    now: UtcTime,
) -> Result<TokenPair, AppError> {
    let secret = secrets::random()?;
    conn.transaction(|conn| {
        let user_id = credentials.user.id;
        let account = users::lock(conn, user_id)?
            .filter(|account| account.password_hash == credentials.password_hash)
            .ok_or(AppError::InvalidCredentials)?;
        let expires_at = life.end(now, now);
        let session = NewSession {
            user_id,
            created_at: now,
            last_used_at: now,
            expires_at,
            ip: client.ip.to_string(),
            user_agent: client.user_agent.as_deref(),
        };
        let session_id = sessions::insert(conn, &session)?;
        let refresh = OpaqueToken::new(Kind::Refresh, user_id, &secret);
        store(conn, &refresh, session_id)?;
        record(conn, user_id, EventKind::LoginSucceeded, Some(client), now)?;
        pair(keys, &account, session_id, refresh, now, expires_at)
    })
}

/// `token` as it is stored. Errors: `InvalidToken` where it is unknown, or has expired with its session.
pub fn find_refresh_token(
    conn: &mut DbConn,
    token: &OpaqueToken,
    now: UtcTime,
) -> Result<RefreshToken, AppError> {
    let found = refresh_tokens::find(conn, token.user_id, &token.hash)?;
    let found = found.ok_or(AppError::REVOKED)?;
    if now < found.session_expires_at {
        Ok(found)
    } else {
        Err(AppError::InvalidToken(TokenFault::RefreshExpired))
    }
}

/// Exchanges `parent` for a new pair. Within 10 seconds of its first use it gets the same pair again, even
/// if that was used since; within 10 minutes, while its child was never used, the same child with a fresh
/// access token; otherwise, its session ends. Errors: `InvalidToken` where it is unknown or has expired.
pub fn refresh(
    conn: &mut DbConn,
    keys: &TokenKeys,
    life: SessionLife,
    parent: &OpaqueToken,
    client: &Client,
    now: UtcTime,
) -> Result<Refreshed, AppError> {
    conn.transaction(|conn| {
        let user_id = parent.user_id;
        let account = users::lock(conn, user_id)?.ok_or(AppError::REVOKED)?;
        let found = find_refresh_token(conn, parent, now)?;
        let session_id = found.session_id;
        let Some((used_at, child_hash)) = found.used_at.zip(found.child_hash) else {
            let child = keys.children(parent).next();
            let child = child.ok_or_else(|| AppError::internal("no key"))?;
            refresh_tokens::mark_used(conn, user_id, &parent.hash, now, &child.hash)?;
            store(conn, &child, session_id)?;
            let ends_at = life.end(found.session_created_at, now);
            let session_use = SessionUse {
                last_used_at: now,
                expires_at: ends_at,
                ip: &client.ip.to_string(),
                user_agent: client.user_agent.as_deref(),
            };
            sessions::touch(conn, user_id, session_id, &session_use)?;
            return pair(keys, &account, session_id, child, now, ends_at).map(Refreshed::Pair);
        };
        let issued_at = match used_at.until(now) {
            since if since <= GRACE => used_at,
            since if since <= LOST_ANSWER_GRACE && is_unused(conn, user_id, &child_hash)? => now,
            _ => {
                sessions::delete(conn, user_id, session_id)?;
                record(conn, user_id, EventKind::RefreshReused, Some(client), now)?;
                return Ok(Refreshed::Reused);
            }
        };
        let mut children = keys.children(parent);
        let child = children.find(|child| child_hash == child.hash);
        let child = child.ok_or(AppError::REVOKED)?;
        let ends_at = found.session_expires_at;
        pair(keys, &account, session_id, child, issued_at, ends_at).map(Refreshed::Pair)
    })
}

fn is_unused(conn: &mut DbConn, user_id: i64, hash: &[u8]) -> Result<bool, AppError> {
    let found = refresh_tokens::find(conn, user_id, hash)?;
    Ok(found.is_some_and(|token| token.used_at.is_none()))
}

fn store(conn: &mut DbConn, token: &OpaqueToken, session_id: i64) -> Result<(), AppError> {
    let row = NewRefreshToken {
        user_id: token.user_id,
        hash: &token.hash,
        session_id,
    };
    Ok(refresh_tokens::insert(conn, &row)?)
}

fn pair(
    keys: &TokenKeys,
    account: &Credentials,
    session_id: i64,
    refresh: OpaqueToken,
    issued_at: UtcTime,
    expires_at: UtcTime,
) -> Result<TokenPair, AppError> {
    let access = keys.issue(account, session_id, &refresh, issued_at, expires_at)?;
    Ok(TokenPair { access, refresh })
}

/// One page of the sessions of `user_id`, newest first, after the session with the id `after`.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    after: Option<i64>,
    limit: u32,
    now: UtcTime,
) -> Result<Page<Session>, AppError> {
    let found = sessions::list(conn, user_id, now, after, i64::from(limit) + 1)?;
    Ok(Page::cut(found, limit))
}

/// Runs `work` for `actor` in a transaction that holds the lock of the account. Errors: those of `work`;
/// `InvalidToken` where the session or its access tokens have ended since the request began: its body may
/// have taken half a minute, and the queue for hashing too.
pub fn act<T>(
    conn: &mut DbConn,
    actor: Actor,
    work: impl FnOnce(&mut DbConn) -> Result<T, AppError>,
) -> Result<T, AppError> {
    conn.transaction(|conn| {
        let account = users::lock(conn, actor.user_id)?.ok_or(AppError::REVOKED)?;
        let is_current = account.tokens_not_before == actor.tokens_not_before;
        if !is_current || !sessions::exists(conn, actor.user_id, actor.session_id)? {
            return Err(AppError::REVOKED);
        }
        work(conn)
    })
}

/// Ends one session. Errors: `NotFound`.
pub fn revoke(
    conn: &mut DbConn,
    user_id: i64,
    id: i64,
    client: &Client,
    now: UtcTime,
) -> Result<(), AppError> {
    accounts::change(conn, user_id, |conn, _| {
        if !sessions::delete(conn, user_id, id)? {
            return Err(AppError::NotFound);
        }
        record(conn, user_id, EventKind::SessionRevoked, Some(client), now)
    })
}

/// Ends the sessions in `scope`, seen from `session_id`.
pub fn log_out(
    conn: &mut DbConn,
    user_id: i64,
    session_id: i64,
    scope: LogoutScope,
    client: &Client,
    now: UtcTime,
) -> Result<(), AppError> {
    accounts::change(conn, user_id, |conn, _| {
        let ended = match scope {
            LogoutScope::Local => usize::from(sessions::delete(conn, user_id, session_id)?),
            LogoutScope::Others => sessions::delete_all(conn, user_id, Some(session_id))?,
            LogoutScope::Global => sessions::delete_all(conn, user_id, None)?,
        };
        if ended > 0 {
            record(conn, user_id, EventKind::SessionRevoked, Some(client), now)?;
        }
        Ok(())
    })
}
