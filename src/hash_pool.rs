//! The one place where requests hop to a blocking thread to hash a password.

use std::time::Instant;

use prometheus_client::registry::Registry;

use crate::{
    error::{AppError, Outage},
    queue::{self, Queue},
    telemetry::hashing::HashMetrics,
};

/// Runs as many hashes at once as there are cores; a bounded number waits in order of arrival.
pub struct HashPool {
    queue: Queue,
    metrics: HashMetrics,
}

/// The right to hash one password now.
pub struct Turn {
    _held: queue::Turn,
}

impl HashPool {
    /// `cores` hashes at once, `queue` more waiting.
    pub fn new(cores: usize, queue: usize) -> Self {
        Self {
            queue: Queue::new(cores, queue),
            metrics: HashMetrics::default(),
        }
    }

    /// To be asked before work that a full queue makes useless: it takes no place. Errors:
    /// `Unavailable` where the queue is full.
    pub fn refuse_if_full(&self) -> Result<(), AppError> {
        match self.queue.is_full() {
            true => Err(self.refusal()),
            false => Ok(()),
        }
    }

    /// Waits for a turn. Errors: `Unavailable` at once where the queue is full. A caller that goes
    /// away gives its place up.
    pub async fn turn(&self) -> Result<Turn, AppError> {
        let since = Instant::now();
        let turn = self.queue.turn().await.map_err(|_| self.refusal())?;
        self.metrics.waited(since.elapsed());
        Ok(Turn { _held: turn })
    }

    fn refusal(&self) -> AppError {
        self.metrics.refused();
        AppError::unavailable(Outage::QueueFull, "too many passwords wait to be hashed")
    }

    /// Adds what is counted of hashes to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        self.metrics.register(registry, &self.queue);
    }
}

impl Turn {
    /// Runs `work`, which hashes, and returns the turn with what came of it. If the caller goes away,
    /// the turn ends with the work.
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
            async move { pool.turn().await?.run(move || wait.recv().is_ok()).await }
        });
        let second = actix_web::rt::spawn({
            let pool = pool.clone();
            async move { pool.turn().await?.run(|| true).await }
        });
        assert!(pool.refuse_if_full().is_ok());
        tokio::task::yield_now().await;
        for refused in [pool.refuse_if_full(), pool.turn().await.map(drop)] {
            assert!(matches!(refused, Err(AppError::Unavailable { .. })));
        }
        finish.send(()).unwrap();
        assert!(first.await.unwrap().unwrap().0 && second.await.unwrap().unwrap().0);
        assert!(
            pool.turn().await.unwrap().run(|| true).await.unwrap().0,
            "the places are free again"
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
                    pool.turn()
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
        assert!(begun.try_recv().is_err(), "the third waits for its turn");
        (0..3).for_each(|_| finish.send(()).unwrap());
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        begun.recv().unwrap();
    }

    #[actix_web::test]
    async fn a_panic_gives_its_turn_back() {
        let pool = HashPool::new(1, 0);
        let turn = pool.turn().await.unwrap();
        let panicked: Result<((), Turn), AppError> = turn.run(|| panic!("on purpose")).await;
        assert!(matches!(panicked, Err(AppError::Internal { .. })));
        assert!(pool.turn().await.unwrap().run(|| true).await.unwrap().0);
    }
}
