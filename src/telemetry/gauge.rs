//! A gauge that is read when it is asked for.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::gauge::ConstGauge,
    registry::Registry,
};

type Labels = Vec<(&'static str, &'static str)>;
type Read = Box<dyn Fn() -> usize + Send + Sync>;

/// One gauge, a row for each set of labels.
pub struct CallbackGauge {
    name: &'static str,
    help: &'static str,
    rows: Vec<(Labels, Read)>,
}

impl CallbackGauge {
    pub fn new(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            help,
            rows: Vec::new(),
        }
    }

    pub fn row(
        mut self,
        labels: &[(&'static str, &'static str)],
        read: impl Fn() -> usize + Send + Sync + 'static,
    ) -> Self {
        self.rows.push((labels.to_vec(), Box::new(read)));
        self
    }

    pub fn register(self, registry: &mut Registry) {
        registry.register_collector(Box::new(self));
    }
}

impl Collector for CallbackGauge {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let any = ConstGauge::new(0i64);
        let mut metric =
            encoder.encode_descriptor(self.name, self.help, None, any.metric_type())?;
        for (labels, read) in &self.rows {
            let gauge = ConstGauge::new(i64::try_from(read()).unwrap_or(i64::MAX));
            gauge.encode(metric.encode_family(labels)?)?;
        }
        Ok(())
    }
}

impl fmt::Debug for CallbackGauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
