//! A pool behind a queue.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use r2d2::Pool;
use tokio::time::timeout_at;

use super::{
    connection::DbConn,
    manager::{Manager, Pooled},
    renewal::{RenewedPool, SharedTurn, Watch},
};
use crate::{
    config::settings::DatabaseSettings,
    error::{AppError, Outage},
    queue::Queue,
    telemetry::{database::PoolMetrics, trace},
};

/// After so many time-outs, work for which nobody waits any more is taken to hang.
const GIVEN_UP: u32 = 4;

/// But not before this: a server that is only busy is not helped by more connections.
const GIVEN_UP_MIN: Duration = Duration::from_secs(12);

/// Connections of one kind, given out first come, first served. r2d2 alone would hand a free
/// connection to whoever asks next, and let others starve.
#[derive(Clone)]
pub struct Lane {
    pool: Arc<RenewedPool>,
    queue: Queue,
    timeout: Duration,
    metrics: PoolMetrics,
}

impl Lane {
    /// Opens no connection yet: the pool does that in the background.
    pub fn new(manager: Manager, settings: &DatabaseSettings, metrics: PoolMetrics) -> Self {
        let (size, timeout) = (settings.pool_size, settings.timeout);
        let make = move || {
            Pool::builder()
                .max_size(size)
                .connection_timeout(timeout)
                .build_unchecked(manager.clone())
        };
        Self {
            pool: Arc::new(RenewedPool::new(size as usize, make)),
            queue: Queue::new(settings.pool_size as usize, settings.queue),
            timeout: settings.timeout,
            metrics,
        }
    }

    /// Runs `work` on a connection, on a blocking thread.
    ///
    /// Errors: `Unavailable` at once where too much waits already, and where no connection is free or no
    /// answer there within the time-out. Work that has started goes on even then, and so does work whose
    /// caller went away: the connection stays taken until it is over.
    pub async fn run<T, F>(&self, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    {
        let outcome = self.wait_and_run(work).await;
        self.metrics.count(&outcome);
        outcome
    }

    async fn wait_and_run<T, F>(&self, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    {
        let since = Instant::now();
        let deadline = since + self.timeout;
        let turn = timeout_at(deadline.into(), self.queue.permit())
            .await
            .map_err(|_| timeout("no database connection became free in time"))?
            .map_err(|_| refusal(&self.metrics))?;
        self.metrics.waited(since.elapsed());
        let turn = SharedTurn::new(turn);
        let (number, pool) = self.pool.current();
        let patience = (self.timeout * GIVEN_UP).max(GIVEN_UP_MIN);
        let watch = Watch::new(turn.clone(), number, self.pool.clone(), patience);
        let (lane, trace) = (self.clone(), trace::Trace::current());
        let job = tokio::task::spawn_blocking(move || {
            trace::within(trace, || lane.on_connection(&pool, turn, deadline, work))
        });
        let outcome = timeout_at(deadline.into(), job)
            .await
            .map_err(|_| timeout("the database did not answer in time"))?;
        watch.is_over();
        outcome.map_err(AppError::internal)?
    }

    /// `turn` is held until the connection is back in the pool, so whoever is next finds it there.
    fn on_connection<T>(
        &self,
        pool: &Pool<Manager>,
        turn: SharedTurn,
        deadline: Instant,
        work: impl FnOnce(&mut DbConn) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let _ended = turn.ended_on_drop(self.pool.clone());
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // The caller was told so already: what has not begun must not happen after that.
            return Err(timeout("no thread became free in time"));
        }
        let mut pooled = pool
            .get_timeout(left)
            .map_err(|error| AppError::unavailable(Outage::Connect, error))?;
        let Pooled { conn, failed, .. } = &mut *pooled;
        let since = Instant::now();
        let outcome = work(conn);
        self.metrics.worked(since.elapsed());
        *failed = outcome.as_ref().err().and_then(AppError::outage);
        outcome
    }

    /// How much work was given up and keeps its connection.
    pub fn given_up(&self) -> usize {
        self.pool.given_up()
    }

    /// How many connections are at work, and how many idle.
    pub fn connections(&self) -> (usize, usize) {
        let state = self.pool.current().1.state();
        let idle = state.idle_connections as usize;
        ((state.connections as usize).saturating_sub(idle), idle)
    }

    /// How much work waits for a connection.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }
}

/// It took longer than the settings let it.
pub fn timeout(cause: &str) -> AppError {
    AppError::unavailable(Outage::Timeout, cause)
}

/// Too much waits already.
pub fn refusal(metrics: &PoolMetrics) -> AppError {
    metrics.refused();
    AppError::unavailable(Outage::QueueFull, "too much work waits for the database")
}
