//! What the service does by itself, in steps that are small enough to hold up nobody.

use std::time::Duration;

use diesel::Connection;

use crate::{
    db::DbConn,
    error::AppError,
    models::time::UtcTime,
    repositories::maintenance::{self, PurgeTarget},
};

/// Most rows that one step takes.
pub const STEP: i64 = 500;

/// How long used refresh tokens are known, so that their reuse is noticed: later ones are refused like
/// any unknown token.
const USED_TOKENS: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long the audit trail reaches back.
const EVENTS: Duration = Duration::from_secs(365 * 24 * 3600);

/// A kind of work that is done from time to time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chore {
    /// Tasks that were in the trash for so long.
    PurgeTrash(Duration),
    /// Answers that were kept for so long.
    PurgeKeys(Duration),
    /// Sessions that are over, with their refresh tokens.
    PurgeSessions,
    /// Refresh tokens that were used long ago.
    PurgeRefreshTokens,
    /// Personal access tokens that are over.
    PurgePersonalTokens,
    /// Security events of long ago.
    PurgeEvents,
    /// Counters that are over.
    PurgeThrottles,
}

impl Chore {
    /// Does a part of it, unless another copy of the service is at one: then it is `None`. The lock is the
    /// transaction's, so that it ends with whoever dies, and goes through a pooler.
    pub fn turn(self, conn: &mut DbConn, now: UtcTime) -> Result<Option<usize>, AppError> {
        conn.transaction(|conn| match maintenance::try_lock(conn)? {
            true => self.step(conn, now).map(Some),
            false => Ok(None),
        })
    }

    /// Does a part of it, and returns how many rows that were; under [`STEP`] of them, all is done.
    pub fn step(self, conn: &mut DbConn, now: UtcTime) -> Result<usize, AppError> {
        let (what, until) = match self {
            Self::PurgeTrash(age) => (PurgeTarget::TRASH, now.minus(age)),
            Self::PurgeKeys(age) => (PurgeTarget::KEYS, now.minus(age)),
            Self::PurgeSessions => {
                let tokens = maintenance::purge_refresh_tokens(conn, now, STEP)?;
                if tokens == STEP as usize {
                    return Ok(tokens);
                }
                (PurgeTarget::SESSIONS, now)
            }
            Self::PurgeRefreshTokens => (PurgeTarget::REFRESH_TOKENS, now.minus(USED_TOKENS)),
            Self::PurgePersonalTokens => (PurgeTarget::PERSONAL_TOKENS, now),
            Self::PurgeEvents => (PurgeTarget::EVENTS, now.minus(EVENTS)),
            Self::PurgeThrottles => (PurgeTarget::THROTTLES, now),
        };
        Ok(maintenance::purge(conn, what, until, STEP)?)
    }
}
