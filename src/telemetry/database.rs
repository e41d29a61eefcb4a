//! Metrics of the use of the database.

use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use strum::VariantArray;

use super::metrics::{Label, seconds_histogram};
use crate::error::{AppError, UnavailableReason};

/// The kind of a failure that is the service's own.
const INTERNAL: &str = "internal";

/// Of all pools. Clones count together.
#[derive(Clone)]
pub struct DatabaseMetrics {
    queue: Family<Label, Histogram, fn() -> Histogram>,
    work: Family<Label, Histogram, fn() -> Histogram>,
    refused: Family<Label, Counter>,
    errors: Family<Label, Counter>,
}

/// Of one pool.
#[derive(Clone)]
pub struct PoolMetrics {
    /// How long work waited for its connection, in seconds.
    pub queue: Histogram,
    /// How long it took, in seconds.
    pub work: Histogram,
    pub refused: Counter,
}

impl Default for DatabaseMetrics {
    fn default() -> Self {
        let errors = Family::<Label, Counter>::default();
        // From the start on: a rate needs a zero before the first failure.
        let reasons = UnavailableReason::VARIANTS.iter();
        for kind in reasons.map(|reason| reason.as_str()).chain([INTERNAL]) {
            errors.get_or_create_owned(&[("kind", kind)]);
        }
        Self {
            queue: Family::new_with_constructor(seconds_histogram),
            work: Family::new_with_constructor(seconds_histogram),
            refused: Family::default(),
            errors,
        }
    }
}

impl DatabaseMetrics {
    /// Those of the pool `pool`.
    pub fn of(&self, pool: &'static str) -> PoolMetrics {
        let pool = [("pool", pool)];
        PoolMetrics {
            queue: self.queue.get_or_create_owned(&pool),
            work: self.work.get_or_create_owned(&pool),
            refused: self.refused.get_or_create_owned(&pool),
        }
    }

    /// Counts `outcome` where the database failed.
    pub fn count<T>(&self, outcome: &Result<T, AppError>) {
        let kind = match outcome {
            Err(AppError::Unavailable { reason, .. }) => reason.as_str(),
            Err(AppError::Internal { .. }) => INTERNAL,
            _ => return,
        };
        self.errors.get_or_create(&[("kind", kind)]).inc();
    }

    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "db_queue_seconds",
            "How long work waited for a database connection",
            self.queue.clone(),
        );
        registry.register(
            "db_work_seconds",
            "How long work kept a database connection",
            self.work.clone(),
        );
        registry.register(
            "db_refused",
            "Work that was refused since too much waited for a connection",
            self.refused.clone(),
        );
        registry.register(
            "db_errors",
            "Failures of the database, by kind",
            self.errors.clone(),
        );
    }
}
