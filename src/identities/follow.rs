//! Hearing of what other copies of the service change.

use std::{
    mem,
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};

use super::cache::Cache;
use crate::{
    config::settings::DatabaseSettings,
    db::{
        listener::{HEARTBEAT, Listener},
        manager::{Access, Manager},
    },
    services::identities::CHANNEL,
};

/// How long the cache is trusted after the last sign that news arrive. With the time that a sign takes,
/// well below the second within which a change is seen everywhere.
const LEASE: Duration = Duration::from_millis(600);

/// How long after a lost connection the next one is tried.
const PAUSE: Duration = Duration::from_millis(500);

/// Starts a thread that forgets in `cache` what others change, and ends when the cache is gone. While
/// it cannot listen, the cache is not trusted.
pub fn start(database: &DatabaseSettings, cache: &Arc<Cache>) {
    let manager = Manager::new(&database.direct(), Access::Read);
    let cache = Arc::downgrade(cache);
    thread::spawn(move || {
        let mut listens = true;
        while let Some(error) = follow(&manager, &cache, &mut listens) {
            let Some(cache) = cache.upgrade() else { return };
            cache.distrust();
            drop(cache);
            // Once, however often it is tried again.
            if mem::take(&mut listens) {
                log::warn!(
                    "whom a token stands for is looked up for each request, until changes are heard of again: {error}"
                );
            }
            thread::sleep(PAUSE);
        }
    });
}

/// Listens on one connection until it breaks, and returns why; `None` where the cache is gone.
/// `listens`: whether the last try did.
fn follow(manager: &Manager, cache: &Weak<Cache>, listens: &mut bool) -> Option<String> {
    let mut listener = match Listener::open(manager, CHANNEL) {
        Ok(listener) => listener,
        Err(error) => return Some(error),
    };
    // What happened before, nobody has told.
    cache.upgrade()?.forget_all();
    if !mem::replace(listens, true) {
        log::info!("changes of tokens are heard of again");
    }
    loop {
        let since = Instant::now();
        let messages = match listener.wait() {
            Ok(messages) => messages,
            Err(error) => return Some(error),
        };
        let cache = cache.upgrade()?;
        for message in messages {
            match message.parse() {
                Ok(user_id) => cache.forget(user_id),
                Err(_) => cache.forget_all(),
            }
        }
        cache.trust(since, HEARTBEAT + LEASE);
    }
}
