//! The one place where requests hop to a blocking thread to hash a password.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::AppError;

/// Runs as many hashes at once as there are cores; a bounded number waits in order of arrival.
pub struct HashPool {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// The right to hash one password now.
#[expect(dead_code, reason = "they are held, not looked at")]
pub struct Turn {
    place: OwnedSemaphorePermit,
    turn: OwnedSemaphorePermit,
}

impl HashPool {
    /// `cores` hashes at once, `queue` more waiting.
    pub fn new(cores: usize, queue: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(cores + queue)),
        }
    }

    /// To be asked before work that a full queue makes useless: it takes no place. Errors:
    /// `Unavailable` where the queue is full.
    pub fn refuse_if_full(&self) -> Result<(), AppError> {
        match self.places.available_permits() {
            0 => Err(too_many()),
            _ => Ok(()),
        }
    }

    /// Waits for a turn. Errors: `Unavailable` at once where the queue is full. A caller that goes
    /// away gives its place up.
    pub async fn turn(&self) -> Result<Turn, AppError> {
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| too_many())?;
        let turn = self
            .turns
            .clone()
            .acquire_owned()
            .await
            .map_err(AppError::internal)?;
        Ok(Turn { place, turn })
    }
}

fn too_many() -> AppError {
    AppError::unavailable("too many passwords wait to be hashed")
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
    use std::sync::{Mutex, mpsc};

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
        let turn = pool.turn().await.unwrap();
        let panicked: Result<((), Turn), AppError> = turn.run(|| panic!("on purpose")).await;
        assert!(matches!(panicked, Err(AppError::Internal { .. })));
        assert!(pool.turn().await.unwrap().run(|| true).await.unwrap().0);
    }
}
