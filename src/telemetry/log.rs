//! The lines of the log.

use std::io::{self, Write};

use env_logger::fmt::Formatter;
use log::{
    Record,
    kv::{Error, Key, Value, VisitSource},
};
use serde::ser::{SerializeMap, Serializer};

use super::trace::Trace;
use crate::config::settings::{LogFormat, LogSettings};

/// Starts the logger of this process, which writes to standard error. Each line that is written for a
/// request names it.
pub fn start(settings: &LogSettings) {
    let format = match settings.format {
        LogFormat::Text => text,
        LogFormat::Json => json,
    };
    env_logger::Builder::new()
        .parse_filters(&settings.filter)
        .format(format)
        .init();
}

/// `[time level target] message name=value …`
fn text(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let (time, level) = (out.timestamp_millis(), record.level());
    write!(out, "[{time} {level:<5} {}]", record.target())?;
    let message = message(record);
    if !message.is_empty() {
        write!(out, " {message}")?;
    }
    for (name, value) in values(record) {
        write!(out, " {name}={value}")?;
    }
    writeln!(out)
}

/// An object with the members `time`, `level`, `target`, `message`, and the values.
fn json(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let time = out.timestamp_millis().to_string();
    let mut line = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut line);
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("time", &time)?;
    map.serialize_entry("level", &record.level().as_str().to_ascii_lowercase())?;
    map.serialize_entry("target", record.target())?;
    map.serialize_entry("message", &message(record))?;
    for (name, value) in values(record) {
        map.serialize_entry(&name, &value)?;
    }
    map.end()?;
    line.push(b'\n');
    out.write_all(&line)
}

/// On one line: what drivers say may have several.
fn message(record: &Record<'_>) -> String {
    record.args().to_string().replace(['\n', '\r'], " ")
}

/// What belongs to the record, and before that which request it was written for.
fn values(record: &Record<'_>) -> Vec<(String, Shown)> {
    let mut values = Vec::new();
    if let Some(trace) = Trace::current() {
        let shown = |text: &str| Shown::Text(text.to_owned());
        values.push(("request_id".to_owned(), shown(trace.request_id())));
        if let Some(parent) = trace.parent() {
            values.push(("trace_id".to_owned(), shown(&parent.trace_id)));
            values.push(("parent_id".to_owned(), shown(&parent.span_id)));
        }
    }
    // It fails where the visitor does, and this one does not.
    let visited = record.key_values().visit(&mut Collect(&mut values));
    debug_assert!(visited.is_ok());
    values
}

/// A value, as it is shown.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Shown {
    Flag(bool),
    Integer(i64),
    /// Milliseconds, with three decimals.
    Number(f64),
    Text(String),
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number:.3}"),
            // What has blanks or quotes is quoted, so that a line can be taken apart.
            Self::Text(text) if text.is_empty() || text.contains(needs_quotes) => {
                write!(f, "{text:?}")
            }
            Self::Text(text) => f.write_str(text),
        }
    }
}

fn needs_quotes(c: char) -> bool {
    c.is_whitespace() || c.is_control() || c == '"'
}

struct Collect<'a>(&'a mut Vec<(String, Shown)>);

impl<'kvs> VisitSource<'kvs> for Collect<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let shown = match (value.to_bool(), value.to_i64(), value.to_f64()) {
            (Some(flag), _, _) => Shown::Flag(flag),
            (None, Some(number), _) => Shown::Integer(number),
            (None, None, Some(number)) => Shown::Number((number * 1000.0).round() / 1000.0),
            (None, None, None) => Shown::Text(value.to_string()),
        };
        self.0.push((key.to_string(), shown));
        Ok(())
    }
}
