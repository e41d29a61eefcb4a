//! Metrics of password hashes.

use std::time::Duration;

use prometheus_client::{
    metrics::{counter::Counter, histogram::Histogram},
    registry::Registry,
};

use super::{gauge::CallbackGauge, metrics::seconds_histogram};
use crate::queue::Queue;

/// Clones count together.
#[derive(Clone)]
pub struct HashMetrics {
    queue: Histogram,
    refused: Counter,
}

impl HashMetrics {
    /// A hash that waited for so long begins.
    pub fn waited(&self, time: Duration) {
        self.queue.observe(time.as_secs_f64());
    }

    /// A hash was refused.
    pub fn refused(&self) {
        self.refused.inc();
    }

    /// `queue`: that in which hashes wait.
    pub fn register(&self, registry: &mut Registry, queue: &Queue) {
        registry.register(
            "hash_queue_seconds",
            "How long password hashes waited in the queue",
            self.queue.clone(),
        );
        registry.register(
            "hash_refused",
            "Password hashes that were refused since too many waited",
            self.refused.clone(),
        );
        let waiting = CallbackGauge::new(
            "hash_queue_waiting",
            "Password hashes that wait in the queue.",
        );
        let running = CallbackGauge::new("hash_running", "Password hashes at work.");
        let (first, second) = (queue.clone(), queue.clone());
        registry.register_collector(Box::new(waiting.row(&[], move || first.waiting())));
        registry.register_collector(Box::new(running.row(&[], move || second.at_work())));
    }
}

impl Default for HashMetrics {
    fn default() -> Self {
        Self {
            queue: seconds_histogram(),
            refused: Counter::default(),
        }
    }
}
