//! A pool that is made anew when work on it hangs.

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use r2d2::Pool;
use tokio::time::sleep;

use super::manager::Manager;
use crate::queue::Turn;

/// The pool of the day. A server, or whatever stands before it, may hang in a way that no time-out of the
/// network sees: it acknowledges what it is sent and never answers. Then the connections are left to
/// themselves, and others are opened.
pub struct RenewedPool {
    make: Box<dyn Fn() -> Pool<Manager> + Send + Sync>,
    current: RwLock<(u64, Pool<Manager>)>,
}

/// A turn that ends with its work, or a while after its caller stopped waiting.
#[derive(Clone)]
pub struct SharedTurn(Arc<Mutex<Option<Turn>>>);

/// Ends a turn when it is dropped.
pub struct Ending(SharedTurn);

/// Held by whoever waits for the work; dropped without [`Watch::is_over`], it begins to count.
pub struct Watch {
    turn: Option<SharedTurn>,
    number: u64,
    pool: Arc<RenewedPool>,
    patience: Duration,
}

impl RenewedPool {
    /// `make` opens no connection yet.
    pub fn new(make: impl Fn() -> Pool<Manager> + Send + Sync + 'static) -> Self {
        let current = RwLock::new((0, make()));
        Self {
            make: Box::new(make),
            current,
        }
    }

    /// The pool, and how often it was made anew.
    pub fn current(&self) -> (u64, Pool<Manager>) {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// Makes the pool anew, unless that was done since it had this number. The former one ends with
    /// the work on it.
    fn renew(&self, number: u64) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.0 == number {
            log::warn!("work on a database connection hangs: other connections are opened");
            *current = (number + 1, (self.make)());
        }
    }
}

impl SharedTurn {
    pub fn new(turn: Turn) -> Self {
        Self(Arc::new(Mutex::new(Some(turn))))
    }

    /// Ends it when what is returned is dropped, however that comes about.
    pub fn ended_on_drop(self) -> Ending {
        Ending(self)
    }

    /// Ends it; `false` where it had ended.
    fn end(&self) -> bool {
        let mut turn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turn.take().is_some()
    }
}

impl Watch {
    /// `number`: that of the pool. `patience`: how long the work may go on once nobody waits for it.
    pub fn new(turn: SharedTurn, number: u64, pool: Arc<RenewedPool>, patience: Duration) -> Self {
        Self {
            turn: Some(turn),
            number,
            pool,
            patience,
        }
    }

    /// The work is over: there is nothing to watch any more.
    pub fn is_over(mut self) {
        self.turn = None;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(turn) = self.turn.take() else {
            return;
        };
        // Without a runtime, the process ends.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (pool, number, patience) = (self.pool.clone(), self.number, self.patience);
        runtime.spawn(async move {
            sleep(patience).await;
            if turn.end() {
                pool.renew(number);
            }
        });
    }
}
