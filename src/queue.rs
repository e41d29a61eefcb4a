//! A bounded queue before something scarce.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many have their turn at once, so many more wait, first come, first served; the next is refused.
#[derive(Clone)]
pub struct Queue {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    at_once: usize,
    waiting_max: usize,
}

/// The right to use what the queue stands before, given back when dropped.
#[expect(dead_code, reason = "they are held, not looked at")]
#[derive(Debug)]
pub struct Turn {
    place: OwnedSemaphorePermit,
    turn: OwnedSemaphorePermit,
}

/// Nobody may wait any more.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

impl Queue {
    pub fn new(at_once: usize, waiting_max: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + waiting_max)),
            at_once,
            waiting_max,
        }
    }

    /// Whether a turn would be refused.
    pub fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// Waits for a turn; refused at once where too many wait already. Whoever goes away while waiting
    /// gives the place up.
    pub async fn turn(&self) -> Result<Turn, Full> {
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| Full)?;
        // The semaphore is never closed.
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Full)?;
        Ok(Turn { place, turn })
    }

    /// How many have their turn now.
    pub fn at_work(&self) -> usize {
        self.at_once.saturating_sub(self.turns.available_permits())
    }

    /// How many wait now. A moment between two looks may count one too many or too few.
    pub fn waiting(&self) -> usize {
        let taken =
            (self.at_once + self.waiting_max).saturating_sub(self.places.available_permits());
        taken.saturating_sub(self.at_work())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn past_its_bound_it_refuses_at_once_and_a_turn_given_back_is_the_next_ones() {
        let queue = Queue::new(1, 1);
        let first = queue.turn().await.unwrap();
        let second = actix_web::rt::spawn({
            let queue = queue.clone();
            async move { queue.turn().await }
        });
        tokio::task::yield_now().await;
        assert_eq!((queue.at_work(), queue.waiting()), (1, 1));
        assert!(queue.is_full());
        assert_eq!(queue.turn().await.unwrap_err(), Full);
        drop(first);
        let second = second.await.unwrap().unwrap();
        assert_eq!((queue.at_work(), queue.waiting()), (1, 0));
        drop(second);
        assert_eq!((queue.at_work(), queue.waiting()), (0, 0));
    }

    #[actix_web::test]
    async fn whoever_goes_away_gives_the_place_up() {
        let queue = Queue::new(1, 1);
        let turn = queue.turn().await.unwrap();
        let waiting = actix_web::rt::spawn({
            let queue = queue.clone();
            async move { queue.turn().await }
        });
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.is_err());
        assert_eq!(queue.waiting(), 0);
        drop(turn);
        assert!(queue.turn().await.is_ok());
    }
}
