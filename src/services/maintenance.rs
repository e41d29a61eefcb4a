//! What the service does by itself, in small steps.

use std::time::Duration;

use diesel::Connection;

use super::{accounts, steps::STEP};
use crate::{
    db::DbConn,
    error::AppError,
    models::time::UtcTime,
    repositories::maintenance::{self, PurgeTarget},
};

/// How long used refresh tokens are known, so that their reuse is noticed: later ones are refused like
/// any unknown token.
const USED_TOKENS: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long sessions and personal access tokens are known after they have expired, so that who still has one is told
/// that: later it is refused as one that was revoked.
const EXPIRED: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long the audit trail reaches back.
const EVENTS: Duration = Duration::from_secs(365 * 24 * 3600);

/// A background job, which is run from time to time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Deletes the rows of accounts whose deletion was interrupted.
    EraseAccounts,
    /// Purges tasks and projects that were in the trash for so long.
    PurgeTrash(Duration),
    /// Purges answers that were kept for so long.
    PurgeKeys(Duration),
    /// Purges sessions that have expired some time ago, with their refresh tokens.
    PurgeSessions,
    /// Purges refresh tokens that were used long ago.
    PurgeRefreshTokens,
    /// Purges personal access tokens that have expired some time ago.
    PurgePersonalTokens,
    /// Purges security events of long ago.
    PurgeEvents,
    /// Purges counters that have ended.
    PurgeThrottles,
}

impl Job {
    /// Takes a step as [`Self::step`] does, unless another replica runs a job: then it is `None`. The lock is the
    /// transaction's, so that it ends with a replica that dies, and goes through a pooler.
    pub fn try_step(self, conn: &mut DbConn, now: UtcTime) -> Result<Option<usize>, AppError> {
        conn.transaction(|conn| {
            if maintenance::try_lock(conn)? {
                self.step(conn, now).map(Some)
            } else {
                Ok(None)
            }
        })
    }

    /// Returns how many rows are gone; under [`STEP`] of them, there are no more.
    pub fn step(self, conn: &mut DbConn, now: UtcTime) -> Result<usize, AppError> {
        let (target, until) = match self {
            Self::EraseAccounts => return accounts::erase_any(conn),
            Self::PurgeTrash(age) => {
                let until = now.minus(age);
                let tasks = maintenance::purge(conn, PurgeTarget::TRASHED_TASKS, until, STEP)?;
                if tasks == STEP as usize {
                    return Ok(tasks);
                }
                (PurgeTarget::TRASHED_PROJECTS, until)
            }
            Self::PurgeKeys(age) => (PurgeTarget::KEYS, now.minus(age)),
            Self::PurgeSessions => {
                let until = now.minus(EXPIRED);
                let tokens = maintenance::purge_refresh_tokens(conn, until, STEP)?;
                if tokens == STEP as usize {
                    return Ok(tokens);
                }
                (PurgeTarget::SESSIONS, until)
            }
            Self::PurgeRefreshTokens => (PurgeTarget::REFRESH_TOKENS, now.minus(USED_TOKENS)),
            Self::PurgePersonalTokens => (PurgeTarget::PERSONAL_TOKENS, now.minus(EXPIRED)),
            Self::PurgeEvents => (PurgeTarget::EVENTS, now.minus(EVENTS)),
            Self::PurgeThrottles => (PurgeTarget::THROTTLES, now),
        };
        Ok(maintenance::purge(conn, target, until, STEP)?)
    }
}
