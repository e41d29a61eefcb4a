//! Who comes in: open connections are counted, and turned away past the limit or while the service stops.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use prometheus_client::registry::Registry;

use crate::telemetry::reading::Reading;

/// Counts the open connections of clients, and knows whether the service is about to stop.
#[derive(Clone)]
pub struct Gate(Arc<Counts>);

struct Counts {
    limit: usize,
    open: AtomicUsize,
    draining: AtomicBool,
}

/// An open connection, counted until it is dropped.
pub struct Visit {
    counts: Arc<Counts>,
    is_over: bool,
}

impl Gate {
    /// `limit`: most connections whose requests are served.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Counts {
            limit,
            open: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
        }))
    }

    /// Counts a connection.
    pub fn enter(&self) -> Visit {
        let before = self.0.open.fetch_add(1, Ordering::Relaxed);
        Visit {
            counts: self.0.clone(),
            is_over: before >= self.0.limit,
        }
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Adds the number of open connections to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        let gate = self.clone();
        let open = Reading::new("http_connections", "Open connections of clients.");
        registry.register_collector(Box::new(open.row(&[], move || gate.open())));
    }

    /// From now on every answer asks its client to connect elsewhere.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the service is about to stop.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }
}

impl Visit {
    /// Whether it came past the limit.
    pub fn is_over(&self) -> bool {
        self.is_over
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.counts.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_the_limit_a_visit_is_over_until_others_leave() {
        let gate = Gate::new(2);
        let first = gate.enter();
        let second = gate.enter();
        assert!(!first.is_over() && !second.is_over());
        let third = gate.enter();
        assert!(third.is_over());
        assert_eq!(gate.open(), 3);
        drop((first, third));
        assert!(!gate.enter().is_over());
        assert_eq!(gate.open(), 1);
    }
}
