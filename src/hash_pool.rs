//! The one place where requests hop to a blocking thread to hash a password.

use std::time::Instant;

use prometheus_client::{
    metrics::{counter::Counter, histogram::Histogram},
    registry::Registry,
};

pub use crate::queue::Permit;
use crate::{
    error::{AppError, UnavailableReason},
    queue::Queue,
    telemetry::{gauge::CallbackGauge, metrics::seconds_histogram},
};

/// Runs as many hashes at once as there are cores; a bounded number waits in order of arrival. Clones
/// share the queue.
#[derive(Clone)]
pub struct HashPool {
    queue: Queue,
    waited: Histogram,
    refused: Counter,
}

impl HashPool {
    /// `cores` hashes at once, `queue` more waiting.
    pub fn new(cores: usize, queue: usize) -> Self {
        Self {
            queue: Queue::new(cores, queue),
            waited: seconds_histogram(),
            refused: Counter::default(),
        }
    }

    /// To be asked before work that a full queue makes useless; it does not enter the queue. Errors:
    /// `Unavailable` where the queue is full.
    pub fn refuse_if_full(&self) -> Result<(), AppError> {
        if self.queue.is_full() {
            return Err(self.refusal());
        }
        Ok(())
    }

    /// Waits for a permit. Errors: `Unavailable` at once where the queue is full. A caller that goes away
    /// leaves the queue.
    pub async fn permit(&self) -> Result<Permit, AppError> {
        let since = Instant::now();
        let permit = self.queue.permit().await.map_err(|_| self.refusal())?;
        self.waited.observe(since.elapsed().as_secs_f64());
        Ok(permit)
    }

    fn refusal(&self) -> AppError {
        self.refused.inc();
        AppError::unavailable(
            UnavailableReason::QueueFull,
            "too many passwords wait to be hashed",
        )
    }

    /// Adds the metrics of hashes to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "hash_queue_seconds",
            "How long password hashes waited in the queue",
            self.waited.clone(),
        );
        registry.register(
            "hash_refused",
            "Password hashes that were refused since too many waited",
            self.refused.clone(),
        );
        let (waiting, running) = (self.queue.clone(), self.queue.clone());
        let help = "Password hashes that wait in the queue.";
        CallbackGauge::new("hash_queue_waiting", help)
            .row(&[], move || waiting.waiting())
            .register(registry);
        CallbackGauge::new("hash_running", "Password hashes at work.")
            .row(&[], move || running.at_work())
            .register(registry);
    }
}

impl Permit {
    /// Runs `work`, which hashes, and returns its result with the permit. If the caller goes away,
    /// the permit ends with the work.
    pub async fn run<T, F>(self, work: F) -> Result<(T, Self), AppError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        tokio::task::spawn_blocking(move || (work(), self))
            .await
            .map_err(AppError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_panic_gives_its_permit_back() {
        let pool = HashPool::new(1, 0);
        let permit = pool.permit().await.unwrap();
        let panicked: Result<((), Permit), AppError> = permit.run(|| panic!("on purpose")).await;
        assert!(matches!(panicked, Err(AppError::Internal { .. })));
        assert!(pool.permit().await.unwrap().run(|| true).await.unwrap().0);
    }
}
