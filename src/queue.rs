//! A bounded queue before something scarce.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hands out so many permits at once; so many more callers wait, first come, first served; the next is
/// refused.
#[derive(Clone)]
pub struct Queue {
    permits: Arc<Semaphore>,
    /// One for each caller that holds a permit or waits for one.
    slots: Arc<Semaphore>,
    at_once: usize,
    waiting_max: usize,
}

/// The right to use the resource behind the queue, given back when dropped.
#[expect(dead_code, reason = "they are held, not looked at")]
#[derive(Debug)]
pub struct Permit {
    slot: OwnedSemaphorePermit,
    permit: OwnedSemaphorePermit,
}

/// The queue is full.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

impl Queue {
    pub fn new(at_once: usize, waiting_max: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(at_once)),
            slots: Arc::new(Semaphore::new(at_once + waiting_max)),
            at_once,
            waiting_max,
        }
    }

    /// Whether the next caller would be refused.
    pub fn is_full(&self) -> bool {
        self.slots.available_permits() == 0
    }

    /// Waits for a permit; refused at once where too many wait already. A caller that goes away while it
    /// waits leaves the queue.
    pub async fn permit(&self) -> Result<Permit, Full> {
        let slot = self.slots.clone().try_acquire_owned();
        let slot = slot.map_err(|_| Full)?;
        let permit = self.permits.clone().acquire_owned().await;
        // The semaphore is never closed.
        let permit = permit.map_err(|_| Full)?;
        Ok(Permit { slot, permit })
    }

    /// How many permits are out now.
    pub fn at_work(&self) -> usize {
        self.at_once
            .saturating_sub(self.permits.available_permits())
    }

    /// How many wait now. The two semaphores are read one after the other, so it may be off by one for a
    /// moment.
    pub fn waiting(&self) -> usize {
        let taken =
            (self.at_once + self.waiting_max).saturating_sub(self.slots.available_permits());
        taken.saturating_sub(self.at_work())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Waiting = actix_web::rt::task::JoinHandle<Result<Permit, Full>>;

    /// A caller that waits.
    async fn waiting(queue: &Queue) -> Waiting {
        let queue = queue.clone();
        let waiting = actix_web::rt::spawn(async move { queue.permit().await });
        tokio::task::yield_now().await;
        waiting
    }

    #[actix_web::test]
    async fn past_its_bound_it_refuses_at_once_and_a_returned_permit_goes_to_the_next() {
        let queue = Queue::new(1, 1);
        let first = queue.permit().await.unwrap();
        let second = waiting(&queue).await;
        assert_eq!((queue.at_work(), queue.waiting()), (1, 1));
        assert!(queue.is_full());
        assert_eq!(queue.permit().await.unwrap_err(), Full);
        drop(first);
        let second = second.await.unwrap().unwrap();
        assert_eq!((queue.at_work(), queue.waiting()), (1, 0));
        // One that goes away leaves the queue.
        waiting(&queue).await.abort();
        tokio::task::yield_now().await;
        assert_eq!((queue.at_work(), queue.waiting()), (1, 0));
        drop(second);
        assert_eq!((queue.at_work(), queue.waiting()), (0, 0));
        assert!(queue.permit().await.is_ok());
    }
}
