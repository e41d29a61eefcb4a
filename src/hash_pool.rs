//! The one place where requests hop to a blocking thread to hash a password.

use std::time::Instant;

use prometheus_client::registry::Registry;

use crate::{
    error::{AppError, UnavailableReason},
    queue::{self, Queue},
    telemetry::hashing::HashMetrics,
};

/// Runs as many hashes at once as there are cores; a bounded number waits in order of arrival. Clones
/// share the queue.
#[derive(Clone)]
pub struct HashPool {
    queue: Queue,
    metrics: HashMetrics,
}

/// The right to hash now.
pub struct Permit {
    _held: queue::Permit,
}

impl HashPool {
    /// `cores` hashes at once, `queue` more waiting.
    pub fn new(cores: usize, queue: usize) -> Self {
        Self {
            queue: Queue::new(cores, queue),
            metrics: HashMetrics::default(),
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
        self.metrics.waited(since.elapsed());
        Ok(Permit { _held: permit })
    }

    fn refusal(&self) -> AppError {
        self.metrics.refused();
        AppError::unavailable(
            UnavailableReason::QueueFull,
            "too many passwords wait to be hashed",
        )
    }

    /// Adds the metrics of hashes to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        self.metrics.register(registry, &self.queue);
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
    use std::sync::{Arc, Mutex, mpsc};

    use super::*;

    #[actix_web::test]
    async fn past_the_bound_work_is_refused_at_once() {
        let pool = Arc::new(HashPool::new(1, 1));
        let (finish, wait) = mpsc::channel::<()>();
        let first = actix_web::rt::spawn({
            let pool = pool.clone();
            async move { pool.permit().await?.run(move || wait.recv().is_ok()).await }
        });
        let second = actix_web::rt::spawn({
            let pool = pool.clone();
            async move { pool.permit().await?.run(|| true).await }
        });
        assert!(pool.refuse_if_full().is_ok());
        tokio::task::yield_now().await;
        for refused in [pool.refuse_if_full(), pool.permit().await.map(drop)] {
            assert!(matches!(refused, Err(AppError::Unavailable { .. })));
        }
        finish.send(()).unwrap();
        assert!(first.await.unwrap().unwrap().0 && second.await.unwrap().unwrap().0);
        assert!(
            pool.permit().await.unwrap().run(|| true).await.unwrap().0,
            "the queue is empty again"
        );
    }

    #[actix_web::test]
    async fn no_more_run_at_once_than_there_are_cores() {
        let pool = Arc::new(HashPool::new(2, 100));
        let (begin, begun) = mpsc::channel();
        let (finish, wait) = mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let jobs: Vec<_> = (0..3)
            .map(|_| {
                let (pool, begin, wait) = (pool.clone(), begin.clone(), wait.clone());
                actix_web::rt::spawn(async move {
                    pool.permit()
                        .await?
                        .run(move || {
                            begin.send(()).unwrap();
                            wait.lock().unwrap().recv().unwrap();
                        })
                        .await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        begun.recv().unwrap();
        begun.recv().unwrap();
        tokio::task::yield_now().await;
        assert_eq!(pool.queue.at_work(), 2);
        assert!(begun.try_recv().is_err(), "the third waits for a permit");
        (0..3).for_each(|_| finish.send(()).unwrap());
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        begun.recv().unwrap();
    }

    #[actix_web::test]
    async fn a_panic_gives_its_permit_back() {
        let pool = HashPool::new(1, 0);
        let permit = pool.permit().await.unwrap();
        let panicked: Result<((), Permit), AppError> = permit.run(|| panic!("on purpose")).await;
        assert!(matches!(panicked, Err(AppError::Internal { .. })));
        assert!(pool.permit().await.unwrap().run(|| true).await.unwrap().0);
    }
}
