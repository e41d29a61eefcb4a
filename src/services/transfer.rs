//! All data of an SQLite database, moved into an empty PostgreSQL one.

use diesel::{
    Connection,
    result::{DatabaseErrorKind::ForeignKeyViolation, Error as DieselError},
};

use crate::{
    db::{
        DbConn, migrations,
        tables::{TABLES, WITH_IDS},
    },
    error::AppError,
    repositories::{
        integrity,
        transfer::{self, last_given},
    },
};

/// A table, and its rows in the source and in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    pub name: &'static str,
    pub source: i64,
    pub target: i64,
}

/// Copies every row with its id, version, times and hashes, as one snapshot of the source, in one
/// transaction of the target, which is as it was if anything fails. Ids go on after the last one that
/// the source has given out. `progress` takes the rows copied so far, and all.
///
/// Errors: `Conflict` where the target is not empty or of another version, or the source of an older one;
/// `Internal` where the counts differ in the end.
pub fn copy(
    source: &mut DbConn,
    target: &mut DbConn,
    progress: impl Fn(u64, u64),
) -> Result<Vec<Copied>, AppError> {
    target.transaction(|target| source.transaction(|source| carry_all(source, target, progress)))
}

fn carry_all(
    source: &mut DbConn,
    target: &mut DbConn,
    progress: impl Fn(u64, u64),
) -> Result<Vec<Copied>, AppError> {
    refuse_other_versions(source, target)?;
    transfer::lock(target)?;
    let total = count(source, target)?;
    let (mut done, mut copied) = (0, Vec::new());
    for name in TABLES {
        let (mut last, before) = (0, done);
        while let Some(carried) = transfer::carry(source, target, name, last).map_err(dangling)? {
            last = carried.last;
            done += carried.rows;
            progress(done.unsigned_abs(), total.unsigned_abs());
        }
        if WITH_IDS.contains(&name) {
            transfer::continue_after(target, name, last_given(source, name)?)?;
        }
        let table = Copied {
            name,
            source: done - before,
            target: integrity::count(target, name)?,
        };
        if table.source != table.target {
            return Err(AppError::internal(format!(
                "not all rows arrived: {table:?}"
            )));
        }
        copied.push(table);
    }
    transfer::analyze(target)?;
    Ok(copied)
}

/// A row of SQLite may point to one that is not there: its foreign keys can be off.
fn dangling(error: DieselError) -> AppError {
    let text = "a row refers to one that does not exist: run `task-api verify`";
    AppError::on_violation(ForeignKeyViolation, AppError::Conflict(text.to_owned()))(error)
}

fn refuse_other_versions(source: &mut DbConn, target: &mut DbConn) -> Result<(), AppError> {
    let pending = migrations::pending(source)?;
    if !pending.is_empty() {
        let pending = pending.join(", ");
        return Err(AppError::Conflict(format!(
            "the SQLite database lacks migrations: {pending}; start the service on it once"
        )));
    }
    let differing = transfer::prepare(target)?;
    if !differing.is_empty() {
        let differing = differing.join(", ");
        return Err(AppError::Conflict(format!(
            "the PostgreSQL database is of another version of the service: {differing} differ"
        )));
    }
    Ok(())
}

/// How many rows the source has. Errors: the target has any.
fn count(source: &mut DbConn, target: &mut DbConn) -> Result<i64, AppError> {
    let mut total = 0;
    for table in TABLES {
        let rows = integrity::count(target, table)?;
        if rows > 0 {
            return Err(AppError::Conflict(format!(
                "the PostgreSQL database is not empty: {rows} rows in {table}"
            )));
        }
        total += integrity::count(source, table)?;
    }
    Ok(total)
}
