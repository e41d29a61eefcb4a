//! From a token to whom it stands for.

use std::sync::Arc;

use super::{
    cache::{Cache, Key},
    follow,
};
use crate::{
    config::settings::{DatabaseSettings, Engine, IdentityCache},
    db::Db,
    error::AppError,
    models::{identity::Identity, time::UtcTime},
    services::identities::{self, Credential},
};

/// Finds out whom tokens stand for. Clones share what is known.
#[derive(Clone)]
pub struct Identities {
    /// `None` where it is switched off.
    cache: Option<Arc<Cache>>,
}

impl Identities {
    /// On PostgreSQL, a thread begins to listen for what other copies of the service change; it ends
    /// with this. Where there is no connection to listen on, nothing is kept.
    pub fn new(life: IdentityCache, database: &DatabaseSettings) -> Self {
        let on_sqlite = database.url.engine == Engine::Sqlite;
        let life = match on_sqlite {
            true => life.unannounced(),
            false => life.announced(),
        };
        let is_kept = !life.is_zero() && database.has_direct();
        let cache = is_kept.then(|| Arc::new(Cache::new(life, on_sqlite)));
        if let Some(cache) = cache.as_ref().filter(|_| !on_sqlite) {
            follow::start(database, cache);
        }
        Self { cache }
    }

    /// The identity for which `credential` stands now. Errors: `InvalidToken`.
    pub async fn find(&self, db: &Db, credential: &Credential) -> Result<Identity, AppError> {
        let (key, now) = (Key::of(credential), UtcTime::now());
        // One whose use is to be written down is looked up anew: it may have ended meanwhile.
        let is_good = |identity: &Identity| {
            credential.fits(identity, now) && !identities::is_touch_due(identity, now)
        };
        let known = self.cache.as_ref().and_then(|cache| cache.get(&key));
        if let Some(identity) = known.filter(is_good) {
            return Ok(identity);
        }
        let ticket = self.cache.as_ref().map(|cache| cache.ticket());
        let credential = credential.clone();
        let mut identity = db.read(move |conn| credential.find(conn, now)).await?;
        if identities::is_touch_due(&identity, now) {
            touch(db, identity.clone(), now).await;
            identity = identities::used(identity, now);
        }
        if let (Some(cache), Some(ticket)) = (&self.cache, ticket) {
            cache.keep(ticket, key, identity.clone());
        }
        Ok(identity)
    }

    /// To be called once a user's tokens have changed: nothing of what was known of them is used
    /// any more.
    pub fn forget(&self, user_id: i64) {
        if let Some(cache) = &self.cache {
            cache.forget(user_id);
        }
    }
}

/// The request goes on even if this cannot be written down: a full disk does not hinder who reads.
async fn touch(db: &Db, identity: Identity, now: UtcTime) {
    let touched = db.write(move |conn| identities::touch(conn, &identity, now));
    if let Err(error) = touched.await {
        let cause = error.cause().unwrap_or_default();
        log::warn!("the use of a token is not written down: {cause}");
    }
}
