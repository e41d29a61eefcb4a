//! Telemetry of a running service: [`log`] writes its lines, [`trace`] says which request they
//! belong to, [`metrics`] gathers all metrics.

pub mod database;
pub mod gauge;
pub mod http;
pub mod log;
pub mod metrics;
pub mod trace;
