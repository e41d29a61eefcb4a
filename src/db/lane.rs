//! A pool behind a queue.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use r2d2::Pool;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout_at,
};

use super::{
    connection::DbConn,
    manager::{Manager, Pooled},
};
use crate::error::AppError;

/// Connections of one kind, given out first come, first served. r2d2 alone would hand a free
/// connection to whoever asks next, and let others starve.
#[derive(Clone)]
pub struct Lane {
    pool: Pool<Manager>,
    queue: Arc<Semaphore>,
    timeout: Duration,
}

impl Lane {
    /// Opens no connection yet: the pool does that in the background.
    pub fn new(manager: Manager, size: u32, timeout: Duration) -> Self {
        let pool = Pool::builder()
            .max_size(size)
            .connection_timeout(timeout)
            .test_on_check_out(false)
            .build_unchecked(manager);
        Self {
            pool,
            queue: Arc::new(Semaphore::new(size as usize)),
            timeout,
        }
    }

    /// Runs `work` on a connection, on a blocking thread.
    ///
    /// Errors: `Unavailable` where no connection is free or no answer there within the time-out.
    /// Work that has started goes on even then, and so does work whose caller went away: the
    /// connection stays taken until it is over.
    pub async fn run<T, F>(&self, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    {
        let deadline = Instant::now() + self.timeout;
        let turn = timeout_at(deadline.into(), self.queue.clone().acquire_owned())
            .await
            .map_err(|_| AppError::unavailable("no database connection became free in time"))?
            .map_err(AppError::internal)?;
        let pool = self.pool.clone();
        let job = tokio::task::spawn_blocking(move || on_connection(&pool, turn, deadline, work));
        timeout_at(deadline.into(), job)
            .await
            .map_err(|_| AppError::unavailable("the database did not answer in time"))?
            .map_err(AppError::internal)?
    }
}

/// `turn` is held until the connection is back in the pool, so whoever is next finds it there.
fn on_connection<T>(
    pool: &Pool<Manager>,
    turn: OwnedSemaphorePermit,
    deadline: Instant,
    work: impl FnOnce(&mut DbConn) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let _turn = turn;
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        // The caller was told so already: what has not begun must not happen after that.
        return Err(AppError::unavailable("no thread became free in time"));
    }
    let mut pooled = pool.get_timeout(left).map_err(AppError::unavailable)?;
    let Pooled { conn, broken } = &mut *pooled;
    let outcome = work(conn);
    *broken = matches!(outcome, Err(AppError::Unavailable { .. }));
    outcome
}
