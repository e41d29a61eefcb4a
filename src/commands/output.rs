//! What people read: standard output, and failures on one line.

use std::io::{self, Write};

use crate::error::AppError;

/// Whether anyone still reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    There,
    Gone,
}

/// Writes `text`. Whoever has seen enough may close the pipe (`| head`): that is no failure.
pub fn write(text: &str) -> Result<Reader, String> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(format!("cannot write to standard output: {error}")),
    }
}

/// `text` without line breaks: drivers explain themselves at length.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why it failed, on one line: an operator may know the cause, which no client sees.
pub fn reason(error: AppError) -> String {
    match error.cause() {
        Some(cause) => one_line(cause),
        None => error.to_string(),
    }
}

/// `text` as one word of a shell.
pub fn for_shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
