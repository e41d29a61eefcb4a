//! Slow statements.

use std::time::{Duration, Instant};

use diesel::connection::{Instrumentation, InstrumentationEvent};

/// Diesel writes it between a statement and its values.
const BEFORE_VALUES: &str = " -- binds: ";

/// Longest statement that is logged whole, in bytes: a batch of inserts may have many thousands.
const SHOWN_MAX: usize = 2000;

/// Logs the statements of one connection that take `limit` or longer, without their values.
pub struct SlowStatements {
    limit: Duration,
    since: Option<Instant>,
}

impl SlowStatements {
    pub fn new(limit: Duration) -> Self {
        Self { limit, since: None }
    }
}

impl Instrumentation for SlowStatements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.since = Some(Instant::now()),
            InstrumentationEvent::FinishQuery { query, error, .. } => {
                let took = self.since.take().map(|since| since.elapsed());
                let Some(took) = took.filter(|took| *took >= self.limit) else {
                    return;
                };
                log::warn!(
                    target: "task_api::slow",
                    duration_ms = took.as_secs_f64() * 1000.0,
                    failed = error.is_some(),
                    statement = without_values(&query.to_string());
                    "slow statement"
                );
            }
            _ => {}
        }
    }
}

/// The statement alone: values belong to users.
fn without_values(query: &str) -> &str {
    let statement = query
        .split_once(BEFORE_VALUES)
        .map_or(query, |(statement, _)| statement);
    let most = SHOWN_MAX.min(statement.len());
    let end = (0..=most)
        .rev()
        .find(|end| statement.is_char_boundary(*end));
    statement.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_off_and_so_is_what_is_very_long() {
        let query = "SELECT 1 WHERE a = $1 -- binds: [\"secret -- binds: more\"]";
        assert_eq!(without_values(query), "SELECT 1 WHERE a = $1");
        assert_eq!(without_values("BEGIN"), "BEGIN");
        assert_eq!(without_values(&"é".repeat(2000)).len(), SHOWN_MAX);
    }
}
