//! When personal access tokens were last used: stored beside the requests, none of which waits for it.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    db::{Db, DbConn},
    error::AppError,
    models::{
        identity::{Grant, Identity},
        time::UtcTime,
    },
    repositories::personal_tokens,
};

/// How long the stored time of a token's last use may lag.
const LAG: Duration = Duration::from_secs(60);

/// Most tokens whose use waits to be stored.
const QUEUED_MAX: usize = 1000;

/// Stores the uses of tokens. Clones share what waits.
#[derive(Clone)]
pub struct TokenUses {
    db: Db,
    /// Ids of the tokens whose use is being stored or waits for that.
    queued: Arc<Mutex<HashSet<i64>>>,
    /// One is stored at a time, so that a lock on their rows takes one connection, not all of them.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl TokenUses {
    /// Nothing waits yet.
    pub fn new(db: Db) -> Self {
        Self {
            db,
            queued: Arc::default(),
            turn: Arc::default(),
        }
    }

    /// Lets the use of the token be stored, and does not wait for that. Nothing is done where one waits for it already,
    /// or too many others do: a later use is stored then.
    pub fn note(&self, identity: &Identity, now: UtcTime) {
        let (user_id, Grant::Personal(token)) = (identity.user.id, &identity.grant) else {
            return;
        };
        let (uses, id) = (self.clone(), token.id);
        let mut queued = self.queued();
        if queued.len() == QUEUED_MAX || !queued.insert(id) {
            return;
        }
        tokio::spawn(async move {
            let stored = {
                let _turn = uses.turn.lock().await;
                let store = move |conn: &mut _| store(conn, user_id, id, now);
                uses.db.write(store).await
            };
            if let Err(error) = stored {
                let cause = error.cause().unwrap_or_default();
                log::warn!("the last use of a token was not stored: {cause}");
            }
            uses.queued().remove(&id);
        });
    }

    fn queued(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the use of the token is to be stored.
pub fn is_due(identity: &Identity, now: UtcTime) -> bool {
    match &identity.grant {
        Grant::Session { .. } => false,
        Grant::Personal(token) => token.last_used_at.is_none_or(|used| used.until(now) >= LAG),
    }
}

/// Stores the use of the token, unless a later one is stored or one of less than a minute before.
pub fn store(conn: &mut DbConn, user_id: i64, id: i64, now: UtcTime) -> Result<(), AppError> {
    personal_tokens::touch(conn, user_id, id, now, now.minus(LAG))?;
    Ok(())
}

/// The identity as it will be once its use is stored.
pub fn used(mut identity: Identity, now: UtcTime) -> Identity {
    if let Grant::Personal(token) = &mut identity.grant {
        token.last_used_at = Some(now);
    }
    identity
}
