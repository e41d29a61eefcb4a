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

/// When a look-up in the database began: by the clock, and by how often something was forgotten before.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    at: Instant,
    forgotten: u64,
}

#[derive(Clone)]
struct Entry {
    identity: Identity,
    ticket: Ticket,
}

/// Identities that the database confirmed a moment ago. None is given out whose user was forgotten after
/// its look-up began, also if it is kept only later.
///
/// Where other processes change what is kept here, it is trusted only for as long as is known that news
/// of their changes arrive.
pub struct Cache {
    entries: Entries<Key, Entry>,
    life: Duration,
    /// By user, the number of the last time that it was forgotten: for as long as an entry may be older.
    users: Entries<i64, u64>,
    /// The number of the last time that everything was forgotten.
    all: AtomicU64,
    /// How often something was forgotten.
    forgotten: AtomicU64,
    /// Held while something is forgotten, so that later numbers come after earlier ones.
    forgetting: Mutex<()>,
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
                .build(),
            life,
            users: Entries::builder().time_to_live(2 * life).build(),
            all: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            forgetting: Mutex::new(()),
            born: Instant::now(),
            trusted_until: AtomicU64::new(if trusted { u64::MAX } else { 0 }),
        }
    }

    /// What is known under `key`.
    pub fn get(&self, key: &Key) -> Option<Identity> {
        let now = self.born.elapsed().as_millis() as u64;
        if now >= self.trusted_until.load(Ordering::SeqCst) {
            return None;
        }
        let Entry { identity, ticket } = self.entries.get(key)?;
        let forgotten = self.users.get(&identity.user.id).unwrap_or_default();
        let forgotten = forgotten.max(self.all.load(Ordering::SeqCst));
        (ticket.forgotten >= forgotten && ticket.at.elapsed() < self.life).then_some(identity)
    }

    /// To be taken before the database is asked.
    pub fn ticket(&self) -> Ticket {
        Ticket {
            at: Instant::now(),
            forgotten: self.forgotten.load(Ordering::SeqCst),
        }
    }

    /// Keeps what the database said after `ticket` was taken.
    pub fn keep(&self, ticket: Ticket, key: Key, identity: Identity) {
        self.entries.insert(key, Entry { identity, ticket });
    }

    /// Forgets all tokens of a user.
    pub fn forget(&self, user_id: i64) {
        self.count(|number| self.users.insert(user_id, number));
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        self.count(|number| self.all.store(number, Ordering::SeqCst));
    }

    fn count(&self, keep: impl FnOnce(u64)) {
        let _turn = self
            .forgetting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        keep(self.forgotten.fetch_add(1, Ordering::SeqCst) + 1);
    }

    /// News had arrived until `since`: the cache may be trusted for so long after that.
    pub fn trust(&self, since: Instant, lease: Duration) {
        let until = (since + lease).saturating_duration_since(self.born);
        let until = until.as_millis() as u64;
        self.trusted_until.store(until, Ordering::SeqCst);
    }

    /// No news arrive.
    pub fn distrust(&self) {
        self.trusted_until.store(0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicBool, thread};

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
            grant: Grant::Session {
                id: user_id,
                tokens_not_before: 0,
            },
        }
    }

    fn keep(cache: &Cache, ticket: Ticket, user_id: i64) {
        cache.keep(ticket, Key::Session(user_id), identity(user_id));
    }

    fn knows(cache: &Cache, user_id: i64) -> bool {
        cache.get(&Key::Session(user_id)).is_some()
    }

    #[test]
    fn a_user_is_forgotten_and_others_are_not() {
        let cache = Cache::new(HOUR, true);
        keep(&cache, cache.ticket(), 1);
        keep(&cache, cache.ticket(), 2);
        cache.forget(1);
        assert!(!knows(&cache, 1) && knows(&cache, 2));
        cache.forget_all();
        assert!(!knows(&cache, 2));
        keep(&cache, cache.ticket(), 1);
        assert!(knows(&cache, 1));
    }

    #[test]
    fn what_was_looked_up_before_is_not_known_after() {
        let cache = Cache::new(HOUR, true);
        let ticket = cache.ticket();
        cache.forget(1);
        keep(&cache, ticket, 1);
        assert!(!knows(&cache, 1));
        keep(&cache, ticket, 2);
        assert!(knows(&cache, 2), "another user's change is no matter");
    }

    #[test]
    fn it_is_trusted_only_while_news_arrive() {
        let cache = Cache::new(HOUR, false);
        keep(&cache, cache.ticket(), 1);
        assert!(!knows(&cache, 1));
        cache.trust(Instant::now(), HOUR);
        assert!(knows(&cache, 1));
        cache.distrust();
        assert!(!knows(&cache, 1));
        cache.trust(Instant::now(), Duration::ZERO);
        assert!(!knows(&cache, 1));
    }

    #[test]
    fn an_entry_lives_from_its_look_up_on() {
        let life = Duration::from_millis(200);
        let cache = Cache::new(life, true);
        let Some(at) = Instant::now().checked_sub(life) else {
            panic!("the machine has just started");
        };
        let old = Ticket {
            at,
            ..cache.ticket()
        };
        keep(&cache, old, 1);
        assert!(!knows(&cache, 1), "however late it is kept");
    }

    /// The cache is read without a pause meanwhile, which sets off its upkeep.
    #[test]
    fn nothing_forgotten_comes_back_in_a_crowd() {
        let cache = Cache::new(HOUR, true);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        (0..100).for_each(|id| drop(cache.get(&Key::Session(id))));
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
