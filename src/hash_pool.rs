//! The one place where requests hop to a blocking thread to hash a password.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::error::AppError;

/// Runs as many hashes at once as there are cores; a bounded number waits in order of arrival.
pub struct HashPool {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl HashPool {
    /// `cores` hashes at once, `queue` more waiting.
    pub fn new(cores: usize, queue: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(cores + queue)),
        }
    }

    /// Runs `work`, which hashes. Errors: `Unavailable` at once where the queue is full. A caller
    /// that goes away gives its place up.
    pub async fn run<T, F>(&self, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, AppError> + Send + 'static,
    {
        let place = self
            .places
            .clone()
            .try_acquire_owned()
            .map_err(|_| AppError::unavailable("too many passwords wait to be hashed"))?;
        let turn = self
            .turns
            .clone()
            .acquire_owned()
            .await
            .map_err(AppError::internal)?;
        tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        })
        .await
        .map_err(AppError::internal)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    #[actix_web::test]
    async fn past_the_bound_work_is_refused_at_once() {
        let pool = Arc::new(HashPool::new(1, 1));
        let (finish, wait) = mpsc::channel::<()>();
        let first = actix_web::rt::spawn({
            let pool = pool.clone();
            async move { pool.run(move || Ok(wait.recv().is_ok())).await }
        });
        let second = actix_web::rt::spawn({
            let pool = pool.clone();
            async move { pool.run(|| Ok(true)).await }
        });
        tokio::task::yield_now().await;
        let refused = pool.run(|| Ok(true)).await;
        assert!(matches!(refused, Err(AppError::Unavailable { .. })));
        finish.send(()).unwrap();
        assert!(first.await.unwrap().unwrap() && second.await.unwrap().unwrap());
        assert!(
            pool.run(|| Ok(true)).await.unwrap(),
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
                    pool.run(move || {
                        begin.send(()).map_err(AppError::internal)?;
                        wait.lock().unwrap().recv().map_err(AppError::internal)
                    })
                    .await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        begun.recv().unwrap();
        begun.recv().unwrap();
        tokio::task::yield_now().await;
        assert_eq!(pool.turns.available_permits(), 0);
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
        let panicked: Result<(), AppError> = pool.run(|| panic!("on purpose")).await;
        assert!(matches!(panicked, Err(AppError::Internal { .. })));
        assert!(pool.run(|| Ok(true)).await.unwrap());
    }
}
