//! The lines of the log.

use std::{
    borrow::Cow,
    io::{self, Write},
};

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
    visit(record, |name, value| write!(out, " {name}={value}"))?;
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
    visit(record, |name, value| Ok(map.serialize_entry(name, &value)?))?;
    map.end()?;
    line.push(b'\n');
    out.write_all(&line)
}

/// On one line: drivers' messages may have several.
fn message<'a>(record: &Record<'a>) -> Cow<'a, str> {
    match record.args().as_str() {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(record.args().to_string().replace(['\n', '\r'], " ")),
    }
}

/// Hands the names and values of the record to `write`, after those of the request that it was written for.
fn visit(
    record: &Record<'_>,
    mut write: impl FnMut(&str, Shown<'_>) -> io::Result<()>,
) -> io::Result<()> {
    if let Some(trace) = Trace::current() {
        write("request_id", Shown::text(&trace.request_id))?;
        if let Some(parent) = trace.parent {
            write("trace_id", Shown::text(&parent.trace_id))?;
            write("parent_id", Shown::text(&parent.span_id))?;
        }
    }
    let visited = record.key_values().visit(&mut Visitor(write));
    visited.map_err(io::Error::other)
}

/// A value, as it is shown.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Shown<'a> {
    Flag(bool),
    Integer(i64),
    /// Milliseconds, with three decimals.
    Number(f64),
    Text(Cow<'a, str>),
}

impl<'a> Shown<'a> {
    fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    fn of(value: &Value<'a>) -> Self {
        if let Some(text) = value.to_borrowed_str() {
            return Self::text(text);
        }
        match (value.to_bool(), value.to_i64(), value.to_f64()) {
            (Some(flag), _, _) => Self::Flag(flag),
            (None, Some(number), _) => Self::Integer(number),
            (None, None, Some(number)) => Self::Number((number * 1000.0).round() / 1000.0),
            (None, None, None) => Self::Text(Cow::Owned(value.to_string())),
        }
    }
}

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number:.3}"),
            // Blanks and quotes are quoted, so that a line can be parsed.
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

struct Visitor<F>(F);

impl<'kvs, F: FnMut(&str, Shown<'_>) -> io::Result<()>> VisitSource<'kvs> for Visitor<F> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        (self.0)(key.as_str(), Shown::of(&value)).map_err(|_| Error::msg("the line is not written"))
    }
}
