//! What this process knows of tokens.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::sync::Cache as Entries;

use crate::{
    models::{identity::Identity, opaque_token::Hash},
    services::identities::Credential,
};

/// Most identities that are kept: a few hundred bytes each.
const CAPACITY: u64 = 10_000;

/// What an identity is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    Session(i64),
    Personal(Hash),
}

/// When a look-up in the database began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

/// Identities that the database confirmed a moment ago. What was forgotten is not in it, nor what was
/// looked up before that and comes back after.
///
/// Where other processes change what is kept here, it is trusted only for as long as is known that news
/// of their changes arrive.
pub struct Cache {
    entries: Entries<Key, Identity>,
    /// How often something was forgotten.
    forgotten: Mutex<u64>,
    born: Instant,
    /// In milliseconds after `born`.
    trusted_until: AtomicU64,
}

impl Key {
    /// What the identity of `credential` is found by.
    pub fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Access(claims) => Self::Session(claims.sid),
            Credential::Personal(token) => Self::Personal(token.hash),
        }
    }
}

impl Cache {
    /// One whose entries live for `life`, trusted for ever or not at all yet.
    pub fn new(life: Duration, trusted: bool) -> Self {
        Self {
            entries: Entries::builder()
                .max_capacity(CAPACITY)
                .time_to_live(life)
                .support_invalidation_closures()
                .build(),
            forgotten: Mutex::new(0),
            born: Instant::now(),
            trusted_until: AtomicU64::new(if trusted { u64::MAX } else { 0 }),
        }
    }

    /// What is known under `key`.
    pub fn get(&self, key: &Key) -> Option<Identity> {
        let now = self.born.elapsed().as_millis() as u64;
        match now < self.trusted_until.load(Ordering::Acquire) {
            true => self.entries.get(key),
            false => None,
        }
    }

    /// To be taken before the database is asked.
    pub fn ticket(&self) -> Ticket {
        Ticket(
            *self
                .forgotten
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Keeps what the database said after `ticket` was taken, unless something was forgotten since.
    pub fn keep(&self, ticket: Ticket, key: Key, identity: Identity) {
        let forgotten = self
            .forgotten
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if ticket.0 == *forgotten {
            self.entries.insert(key, identity);
        }
    }

    /// Forgets all tokens of a user.
    pub fn forget(&self, user_id: i64) {
        let mut forgotten = self
            .forgotten
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *forgotten += 1;
        let is_of = move |_: &Key, identity: &Identity| identity.user.id == user_id;
        if self.entries.invalidate_entries_if(is_of).is_err() {
            // Only a cache without support for closures refuses one.
            self.entries.invalidate_all();
        }
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        let mut forgotten = self
            .forgotten
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *forgotten += 1;
        self.entries.invalidate_all();
    }

    /// News had arrived until `since`: the cache may be trusted for so long after that.
    pub fn trust(&self, since: Instant, lease: Duration) {
        let until = (since + lease).saturating_duration_since(self.born);
        let until = until.as_millis() as u64;
        self.trusted_until.store(until, Ordering::Release);
    }

    /// No news arrive.
    pub fn distrust(&self) {
        self.trusted_until.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{identity::Grant, time::UtcTime, user::User};

    const HOUR: Duration = Duration::from_secs(3600);

    fn identity(user_id: i64) -> Identity {
        Identity {
            user: User {
                id: user_id,
                email: format!("{user_id}@example.com"),
                created_at: UtcTime::default(),
            },
            tokens_not_before: 0,
            grant: Grant::Session(user_id),
        }
    }

    fn kept(cache: &Cache, user_id: i64) -> bool {
        cache.get(&Key::Session(user_id)).is_some()
    }

    #[test]
    fn a_user_is_forgotten_and_others_are_not() {
        let cache = Cache::new(HOUR, true);
        for id in [1, 2] {
            cache.keep(cache.ticket(), Key::Session(id), identity(id));
        }
        cache.forget(1);
        assert!(!kept(&cache, 1) && kept(&cache, 2));
        cache.forget_all();
        assert!(!kept(&cache, 2));
        cache.keep(cache.ticket(), Key::Session(1), identity(1));
        assert!(kept(&cache, 1));
    }

    #[test]
    fn what_was_looked_up_before_is_not_kept_after() {
        let cache = Cache::new(HOUR, true);
        let ticket = cache.ticket();
        cache.forget(1);
        cache.keep(ticket, Key::Session(1), identity(1));
        assert!(!kept(&cache, 1));
    }

    #[test]
    fn it_is_trusted_only_while_news_arrive() {
        let cache = Cache::new(HOUR, false);
        cache.keep(cache.ticket(), Key::Session(1), identity(1));
        assert!(!kept(&cache, 1));
        cache.trust(Instant::now(), HOUR);
        assert!(kept(&cache, 1));
        cache.distrust();
        assert!(!kept(&cache, 1));
        cache.trust(Instant::now(), Duration::ZERO);
        assert!(!kept(&cache, 1));
    }

    #[test]
    fn entries_end() {
        let cache = Cache::new(Duration::from_nanos(1), true);
        cache.keep(cache.ticket(), Key::Session(1), identity(1));
        assert!(!kept(&cache, 1));
    }
}
