//! All data of an SQLite database, moved into an empty PostgreSQL one.

use diesel::Connection;

use crate::{
    db::DbConn,
    error::AppError,
    repositories::{
        health,
        integrity::engine::COUNTED,
        transfer::{
            rows::{TABLES, Table, last_given},
            target,
        },
    },
};

/// A table's rows where they came from and where they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    pub table: &'static str,
    pub source: i64,
    pub target: i64,
}

/// Who is told how far it is.
pub trait Progress {
    /// How many rows there are to come.
    fn begin(&mut self, rows: i64);
    /// So many rows of `table` have come.
    fn advance(&mut self, table: &'static str, rows: i64);
}

/// Copies every row with its id, version, times and hashes, as one moment sees the source, in one
/// transaction of the target, which is as it was if anything fails. Ids go on after the last one that
/// the source has given out.
///
/// Errors: `Conflict` where the target is not empty or of another version, or the source of an older one;
/// `Internal` where the counts differ in the end.
pub fn copy(
    source: &mut DbConn,
    target: &mut DbConn,
    progress: &mut dyn Progress,
) -> Result<Vec<Moved>, AppError> {
    target.transaction(|target| source.transaction(|source| carry_all(source, target, progress)))
}

fn carry_all(
    source: &mut DbConn,
    target: &mut DbConn,
    progress: &mut dyn Progress,
) -> Result<Vec<Moved>, AppError> {
    refuse_other_versions(source, target)?;
    target::lock(target)?;
    let counts = count(source, target)?;
    progress.begin(counts.iter().sum());
    for table in &TABLES {
        carry(table, source, target, progress)?;
    }
    let moved = compare(source, target)?;
    for name in COUNTED {
        target::continue_after(target, name, last_given(source, name)?)?;
    }
    target::analyze(target)?;
    Ok(moved)
}

fn refuse_other_versions(source: &mut DbConn, target: &mut DbConn) -> Result<(), AppError> {
    let pending = health::pending_migrations(source)?;
    if !pending.is_empty() {
        let pending = pending.join(", ");
        return Err(AppError::Conflict(format!(
            "the SQLite database lacks migrations: {pending}; start the service on it once"
        )));
    }
    let prepared = target::prepare(target)?;
    match prepared.differing.is_empty() {
        true => Ok(()),
        false => Err(AppError::Conflict(format!(
            "the PostgreSQL database is of another version of the service: {} differ",
            prepared.differing.join(", ")
        ))),
    }
}

/// How many rows each table of the source has. Errors: the target has any.
fn count(source: &mut DbConn, target: &mut DbConn) -> Result<Vec<i64>, AppError> {
    let count = |table: &Table| match table.count(target)? {
        0 => Ok(table.count(source)?),
        rows => Err(AppError::Conflict(format!(
            "the PostgreSQL database is not empty: {rows} rows in {}",
            table.name
        ))),
    };
    TABLES.iter().map(count).collect()
}

fn carry(
    table: &Table,
    source: &mut DbConn,
    target: &mut DbConn,
    progress: &mut dyn Progress,
) -> Result<(), AppError> {
    let mut last = 0;
    while let Some(carried) = table.carry(source, target, last)? {
        last = carried.last;
        progress.advance(table.name, carried.rows);
    }
    Ok(())
}

fn compare(source: &mut DbConn, target: &mut DbConn) -> Result<Vec<Moved>, AppError> {
    let mut moved = Vec::new();
    for table in &TABLES {
        let (source, target) = (table.count(source)?, table.count(target)?);
        if source != target {
            return Err(AppError::internal(format!(
                "of {source} rows of {} only {target} arrived",
                table.name
            )));
        }
        moved.push(Moved {
            table: table.name,
            source,
            target,
        });
    }
    Ok(moved)
}
