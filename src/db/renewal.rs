//! A pool that is made anew when work on it hangs.

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use r2d2::Pool;
use tokio::time::sleep;

use super::manager::Manager;
use crate::queue::Permit;

/// The pool of the day. A server, or whatever stands before it, may hang in a way that no time-out of the
/// network sees: it acknowledges what it is sent and never answers. Then the connections are left to
/// themselves, and others are opened.
///
/// The former connections may still be there, so only as many are given up at a time as the pool holds.
pub struct RenewedPool {
    make: Box<dyn Fn() -> Pool<Manager> + Send + Sync>,
    current: RwLock<(u64, Pool<Manager>)>,
    most: usize,
    given_up: AtomicUsize,
}

/// A turn that ends with its work, or when the work is given up.
#[derive(Clone)]
pub struct SharedTurn(Arc<Mutex<Progress>>);

enum Progress {
    /// At work.
    Held {
        _turn: Permit,
    },
    /// At work still, but somebody else has the turn.
    GivenUp,
    Ended,
}

/// Ends a turn when it is dropped.
pub struct Ending {
    turn: SharedTurn,
    pool: Arc<RenewedPool>,
}

/// Held by whoever waits for the work; dropped without [`Watch::is_over`], it begins to count.
pub struct Watch {
    turn: Option<SharedTurn>,
    number: u64,
    pool: Arc<RenewedPool>,
    patience: Duration,
}

impl RenewedPool {
    /// `make` opens no connection yet. `most`: how much work may be given up at a time.
    pub fn new(most: usize, make: impl Fn() -> Pool<Manager> + Send + Sync + 'static) -> Self {
        let current = RwLock::new((0, make()));
        Self {
            make: Box::new(make),
            current,
            most,
            given_up: AtomicUsize::new(0),
        }
    }

    /// The pool, and how often it was made anew.
    pub fn current(&self) -> (u64, Pool<Manager>) {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// How much work was given up and goes on all the same.
    pub fn given_up(&self) -> usize {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Gives the work up, on the pool of this number, if it has not ended. Returns whether there is nothing
    /// left to do.
    fn give_up(&self, turn: &SharedTurn, number: u64) -> bool {
        let mut progress = turn.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*progress, Progress::Held { .. }) {
            return true;
        }
        let one_more = |given_up| (given_up < self.most).then_some(given_up + 1);
        let counted = self
            .given_up
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        if counted.is_err() {
            return false;
        }
        // Before the turn ends, so that whoever is next finds other connections.
        self.renew(number);
        *progress = Progress::GivenUp;
        true
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
    pub fn new(turn: Permit) -> Self {
        Self(Arc::new(Mutex::new(Progress::Held { _turn: turn })))
    }

    /// Ends it when what is returned is dropped, however that comes about. `pool`: that of the work.
    pub fn ended_on_drop(self, pool: Arc<RenewedPool>) -> Ending {
        Ending { turn: self, pool }
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
        let mut progress = self.turn.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*progress, Progress::GivenUp) {
            self.pool.given_up.fetch_sub(1, Ordering::Relaxed);
        }
        *progress = Progress::Ended;
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
            loop {
                sleep(patience).await;
                if pool.give_up(&turn, number) {
                    return;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::{config::load, db::manager::Access, queue::Queue};

    /// It never connects.
    fn pool(most: usize) -> Arc<RenewedPool> {
        let settings = load::from_layers(HashMap::new(), HashMap::new()).unwrap();
        let manager = Manager::new(&settings.database, Access::Read);
        let make = move || {
            Pool::builder()
                .min_idle(Some(0))
                .build_unchecked(manager.clone())
        };
        Arc::new(RenewedPool::new(most, make))
    }

    #[actix_web::test]
    async fn so_much_is_given_up_at_a_time_and_no_more() {
        let (pool, queue) = (pool(1), Queue::new(2, 0));
        let first = SharedTurn::new(queue.permit().await.unwrap());
        let second = SharedTurn::new(queue.permit().await.unwrap());
        let (first_work, second_work) = (
            first.clone().ended_on_drop(pool.clone()),
            second.clone().ended_on_drop(pool.clone()),
        );
        assert!(pool.give_up(&first, 0));
        assert_eq!(
            (pool.current().0, pool.given_up(), queue.at_work()),
            (1, 1, 1)
        );
        assert!(!pool.give_up(&second, 0), "one is given up already");
        assert_eq!(queue.at_work(), 1);
        drop(first_work);
        assert_eq!(pool.given_up(), 0);
        assert!(pool.give_up(&second, 0));
        assert_eq!(pool.current().0, 1, "it was made anew already");
        drop(second_work);
        assert_eq!((pool.given_up(), queue.at_work()), (0, 0));
        assert!(pool.give_up(&second, 1), "there is nothing left to do");
        assert_eq!(pool.current().0, 1);
    }
}
