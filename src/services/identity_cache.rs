//! The identities of tokens that were looked up a moment ago.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::sync::Cache as Entries;

use crate::models::{identity::Identity, opaque_token::Hash};

/// Most identities that are kept: a few hundred bytes each.
const CAPACITY: u64 = 10_000;

/// Users share this many counters: one that changes costs the few others of its counter a lookup.
const COUNTERS: usize = 1024;

/// The key of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    Session(i64),
    Personal(Hash),
}

/// When a lookup in the database began: by the clock, and by how often something was forgotten before.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    at: Instant,
    forgotten: u64,
}

#[derive(Clone)]
struct Entry {
    identity: Arc<Identity>,
    ticket: Ticket,
}

/// Identities that the database confirmed a moment ago. None is returned whose user was forgotten after
/// its lookup began, even if it is kept only later.
pub struct IdentityCache {
    entries: Entries<Key, Entry>,
    life: Duration,
    /// How often something was forgotten.
    forgotten: AtomicU64,
    /// The value of `forgotten` after the last time that a user with this remainder was.
    users: Box<[AtomicU64]>,
}

impl IdentityCache {
    /// Entries expire `life` after their lookup began.
    pub fn new(life: Duration) -> Self {
        Self {
            entries: Entries::builder()
                .max_capacity(CAPACITY)
                .time_to_live(life)
                .build(),
            life,
            forgotten: AtomicU64::new(0),
            users: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// The identity under `key`, if it is still good.
    pub fn get(&self, key: &Key) -> Option<Arc<Identity>> {
        let Entry { identity, ticket } = self.entries.get(key)?;
        let forgotten = self.counter(identity.user.id)?.load(Ordering::SeqCst);
        (ticket.forgotten >= forgotten && ticket.at.elapsed() < self.life).then_some(identity)
    }

    /// To be taken before the database is asked.
    pub fn ticket(&self) -> Ticket {
        Ticket {
            at: Instant::now(),
            forgotten: self.forgotten.load(Ordering::SeqCst),
        }
    }

    /// Keeps what the database returned after `ticket` was taken.
    pub fn keep(&self, ticket: Ticket, key: Key, identity: Arc<Identity>) {
        self.entries.insert(key, Entry { identity, ticket });
    }

    /// Forgets all tokens of a user.
    pub fn forget(&self, user_id: i64) {
        let number = self.forgotten.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(counter) = self.counter(user_id) {
            // Two at once may come here in the other order: the later number must stay.
            counter.fetch_max(number, Ordering::SeqCst);
        }
    }

    fn counter(&self, user_id: i64) -> Option<&AtomicU64> {
        self.users.get(user_id.rem_euclid(COUNTERS as i64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicBool, thread};

    use super::*;
    use crate::models::{epoch::Epoch, identity::Grant, time::UtcTime, user::User};

    const HOUR: Duration = Duration::from_secs(3600);

    fn identity(user_id: i64) -> Identity {
        Identity {
            user: User {
                id: user_id,
                email: format!("{user_id}@example.com"),
                created_at: UtcTime::default(),
            },
            grant: Grant::Session {
                id: user_id,
                tokens_not_before: 0,
            },
            epoch: Epoch::default(),
        }
    }

    fn keep(cache: &IdentityCache, ticket: Ticket, user_id: i64) {
        let identity = Arc::new(identity(user_id));
        cache.keep(ticket, Key::Session(user_id), identity);
    }

    fn knows(cache: &IdentityCache, user_id: i64) -> bool {
        cache.get(&Key::Session(user_id)).is_some()
    }

    #[test]
    fn what_was_looked_up_before_its_user_was_forgotten_is_not_known() {
        let cache = IdentityCache::new(HOUR);
        let before = cache.ticket();
        keep(&cache, before, 1);
        keep(&cache, before, 2);
        cache.forget(1);
        assert!(!knows(&cache, 1) && knows(&cache, 2));
        keep(&cache, before, 1);
        assert!(!knows(&cache, 1), "however late it is kept");
        keep(&cache, before, 3);
        assert!(knows(&cache, 3), "another user's change does not matter");
        keep(&cache, cache.ticket(), 1);
        assert!(knows(&cache, 1));
    }

    #[test]
    fn an_entry_lives_from_its_lookup_on() {
        let cache = IdentityCache::new(Duration::from_millis(200));
        let old = cache.ticket();
        thread::sleep(Duration::from_millis(200));
        keep(&cache, old, 1);
        assert!(!knows(&cache, 1), "however late it is kept");
    }

    /// The cache is read without a pause meanwhile, which sets off its upkeep.
    #[test]
    fn nothing_forgotten_comes_back_in_a_crowd() {
        let cache = IdentityCache::new(HOUR);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        for id in 0..100 {
                            knows(&cache, id);
                        }
                    }
                });
            }
            for round in 0..20_000 {
                let id = round % 100;
                keep(&cache, cache.ticket(), id);
                cache.forget(id);
                assert!(!knows(&cache, id), "round {round}");
            }
            over.store(true, Ordering::Relaxed);
        });
    }
}
