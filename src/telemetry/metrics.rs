//! All metrics, as Prometheus reads them.

use std::{fmt, sync::Arc};

use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::{gauge::CallbackGauge, http::HttpMetrics};

/// The media type of [`Metrics::text`]: OpenMetrics, which Prometheus asks for first.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The service's name before each metric's.
const PREFIX: &str = "task_api";

/// The one label of a metric: its name and its value.
pub type Label = [(&'static str, &'static str); 1];

/// Clones count together.
#[derive(Clone)]
pub struct Metrics {
    pub http: HttpMetrics,
    pub purged: Purged,
    registry: Arc<Registry>,
}

/// Rows that the background jobs purged, by what they were, `what`.
pub type Purged = Family<Label, Counter>;

impl Metrics {
    /// `engine`: that of the database; `limits`: see [`HttpMetrics::new`]; `register` adds those of other parts of
    /// the service.
    pub fn new(
        engine: &'static str,
        limits: &[&'static str],
        register: impl FnOnce(&mut Registry),
    ) -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let (http, purged) = (HttpMetrics::new(limits), Purged::default());
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("engine", engine)];
        CallbackGauge::new("build_info", "1, for this version of the service.")
            .row(&labels, || 1)
            .register(&mut registry);
        http.register(&mut registry);
        registry.register(
            "purged_rows",
            "Rows that were purged, by what they were",
            purged.clone(),
        );
        register(&mut registry);
        Self {
            http,
            purged,
            registry: Arc::new(registry),
        }
    }

    /// All of them in the text format of OpenMetrics 1.0.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Buckets from a quarter of a millisecond, the time of a cached read, to 10 seconds, which only a login
/// behind many others should take.
pub fn seconds_histogram() -> Histogram {
    Histogram::new([
        0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
        10.0,
    ])
}
