//! Metrics of requests.

use std::borrow::Cow;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::metrics::{Label, seconds_histogram};

/// The labels of a request. The route is its pattern, so that there are only so many.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    pub method: &'static str,
    pub route: Cow<'static, str>,
    pub status: u16,
}

/// Clones count together.
#[derive(Clone)]
pub struct HttpMetrics {
    /// How long requests took, in seconds.
    pub requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    pub in_flight: Gauge,
    pub connections: Gauge,
    /// By the name of the limit, `limit`.
    pub throttled: Family<Label, Counter>,
}

/// A request that is being answered, or an open connection: counted until it is dropped, also when its
/// client went away.
pub struct Counted(Gauge);

impl HttpMetrics {
    /// `limits`: the names of those that refuse requests, which are counted from the start on: a rate needs
    /// a zero before the first refusal.
    pub fn new(limits: &[&'static str]) -> Self {
        let throttled = Family::<Label, Counter>::default();
        for limit in limits {
            throttled.get_or_create_owned(&[("limit", limit)]);
        }
        Self {
            requests: Family::new_with_constructor(seconds_histogram),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            throttled,
        }
    }

    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "http_request_duration_seconds",
            "From a request's header to its answer, by method, route and status",
            self.requests.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests that are being answered",
            self.in_flight.clone(),
        );
        registry.register(
            "http_connections",
            "Open connections of clients",
            self.connections.clone(),
        );
        registry.register(
            "throttled",
            "Requests that were refused with 429, by limit",
            self.throttled.clone(),
        );
    }
}

impl Counted {
    pub fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
