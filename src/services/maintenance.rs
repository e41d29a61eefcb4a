//! What the service does by itself, in steps that are small enough to hold up nobody.

use std::time::Duration;

use diesel::Connection;

use crate::{db::DbConn, error::AppError, models::time::UtcTime, repositories::maintenance};

/// Most rows that one step takes.
pub const STEP: i64 = 500;

/// A kind of work that is done from time to time, by any number of copies at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chore {
    /// Tasks that were in the trash for so long.
    PurgeTrash(Duration),
    /// Answers that were kept for so long.
    PurgeKeys(Duration),
    /// Tasks whose words nobody made yet.
    IndexTasks,
}

impl Chore {
    /// Does a part of it, and returns how many rows that were; under [`STEP`] of them, all is done.
    pub fn step(self, conn: &mut DbConn, now: UtcTime) -> Result<usize, AppError> {
        Ok(match self {
            Self::PurgeTrash(age) => maintenance::purge_trash(conn, now.minus(age), STEP)?,
            Self::PurgeKeys(age) => maintenance::purge_keys(conn, now.minus(age), STEP)?,
            Self::IndexTasks => conn.transaction(|conn| maintenance::index_tasks(conn, STEP))?,
        })
    }
}
