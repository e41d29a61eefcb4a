//! A pool behind a queue.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use r2d2::Pool;
use tokio::{task::spawn_blocking, time::timeout_at};

use super::{
    cancellations::Cancellations,
    connection::Work,
    manager::{LogFailures, Manager, Pooled},
    writer::write,
};
use crate::{
    config::settings::DatabaseSettings,
    error::{AppError, UnavailableReason},
    queue::{Permit, Queue},
    telemetry::{
        database::PoolMetrics,
        trace::{Trace, within},
    },
};

/// Connections of one kind, handed out first come, first served. r2d2 alone would hand a free connection to
/// the caller that asks next, and let others starve. Clones share the connections.
#[derive(Clone)]
pub struct FairPool {
    pool: Pool<Manager>,
    manager: Arc<Manager>,
    cancellations: Cancellations,
    queue: Queue,
    timeout: Duration,
    metrics: PoolMetrics,
}

impl FairPool {
    /// Up to `size` connections, of which `kept` are opened in advance.
    pub fn new(
        manager: Manager,
        size: u32,
        kept: u32,
        settings: &DatabaseSettings,
        metrics: PoolMetrics,
    ) -> Self {
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(kept))
            .connection_timeout(settings.timeout)
            .error_handler(Box::new(LogFailures))
            .build_unchecked(manager.clone());
        Self {
            queue: Queue::new(size as usize, settings.queue),
            pool,
            manager: Arc::new(manager),
            cancellations: Cancellations::default(),
            timeout: settings.timeout,
            metrics,
        }
    }

    /// Runs `work` on a connection, on a blocking thread.
    ///
    /// Errors: `Unavailable` at once where the queue is full, and where there is no free connection or no
    /// result within the time-out. Work that has started goes on even then, and so does work whose caller
    /// went away: the connection stays taken until it is over.
    pub async fn run<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T, AppError> {
        let since = Instant::now();
        let deadline = since + self.timeout;
        let permit = timeout_at(deadline.into(), self.queue.permit())
            .await
            .map_err(|_| timeout("no database connection became free in time"))?
            .map_err(|_| refusal(&self.metrics))?;
        self.metrics.queue.observe(since.elapsed().as_secs_f64());
        let (pool, trace) = (self.clone(), Trace::current());
        let job =
            spawn_blocking(move || within(trace, || pool.on_connection(permit, deadline, work)));
        timeout_at(deadline.into(), job)
            .await
            .map_err(|_| timeout("the database did not answer in time"))?
            .map_err(AppError::internal)?
    }

    /// `_permit` is held until the connection is back in the pool, so that the next caller finds it there.
    fn on_connection<T>(
        &self,
        _permit: Permit,
        deadline: Instant,
        work: impl Work<T>,
    ) -> Result<T, AppError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // The caller has its answer already: work that has not begun must not begin after that.
            return Err(timeout("no thread became free in time"));
        }
        let mut pooled = self
            .pool
            .get_timeout(left)
            .map_err(|error| AppError::unavailable(UnavailableReason::Connect, error))?;
        let Pooled {
            conn,
            failed,
            used,
            explicit,
            ..
        } = &mut *pooled;
        let since = Instant::now();
        let outcome = if *explicit {
            write(conn, work)
        } else {
            work(conn)
        };
        let outcome =
            outcome.map_err(|error| self.cancellations.recognise(error, conn, &self.manager));
        *used = Instant::now();
        self.metrics
            .work
            .observe(used.duration_since(since).as_secs_f64());
        let error = outcome.as_ref().err();
        *failed = error.and_then(AppError::unavailable_reason);
        outcome
    }

    /// How many connections are at work, and how many idle.
    pub fn connections(&self) -> (usize, usize) {
        let state = self.pool.state();
        let idle = state.idle_connections as usize;
        ((state.connections as usize).saturating_sub(idle), idle)
    }

    /// How many callers wait for a connection.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }
}

/// It took longer than the settings allow.
pub fn timeout(cause: &str) -> AppError {
    AppError::unavailable(UnavailableReason::Timeout, cause)
}

/// The queue is full.
pub fn refusal(metrics: &PoolMetrics) -> AppError {
    metrics.refused.inc();
    AppError::unavailable(
        UnavailableReason::QueueFull,
        "too much work waits for the database",
    )
}
