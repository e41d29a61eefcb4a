//! Standard output, and failures on one line.

use std::{
    io::{self, Write},
    path::Path,
};

use crate::error::AppError;

/// Whether standard output is still read: `| head` closes the pipe, which is no failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipe {
    Open,
    Closed,
}

/// Writes `text`.
pub fn write(text: &str) -> Result<Pipe, String> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Pipe::Open),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Pipe::Closed),
        Err(error) => Err(format!("cannot write to standard output: {error}")),
    }
}

/// Writes `text`, the last of a command.
pub fn finish(text: &str) -> Result<(), String> {
    write(text)?;
    Ok(())
}

/// `text` without line breaks: errors of drivers have several lines.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The cause of a failure on one line: an operator may read what no client is shown.
pub fn reason(error: AppError) -> String {
    match error.cause() {
        Some(cause) => one_line(cause),
        None => error.to_string(),
    }
}

/// `path` as one word of a shell.
pub fn for_shell(path: &Path) -> String {
    let text = path.to_string_lossy();
    format!("'{}'", text.replace('\'', "'\\''"))
}
