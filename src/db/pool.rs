//! The one place where requests hop to a blocking thread to use the database.

use super::{
    connection::DbConn,
    lane::Lane,
    manager::{Access, Manager},
    writer::Writer,
};
use crate::{
    config::settings::{DatabaseSettings, Engine},
    error::AppError,
};

/// Access to the database. On PostgreSQL, reads and writes share one pool; on SQLite writes have
/// one connection of their own, since the engine has one writer at a time: they queue instead of
/// failing with "database is locked".
#[derive(Clone)]
pub struct Db {
    readers: Lane,
    /// `None` where writes go the way of reads.
    writer: Option<Writer>,
}

impl Db {
    /// Connects nothing yet: that happens in the background or with the first request.
    pub fn new(settings: &DatabaseSettings) -> Self {
        let (size, timeout) = (settings.pool_size, settings.timeout);
        let manager = |access| Manager::new(settings, access);
        match settings.url.engine {
            Engine::Postgres => Self {
                readers: Lane::new(manager(Access::Write), size, timeout),
                writer: None,
            },
            Engine::Sqlite => Self {
                readers: Lane::new(manager(Access::Read), size, timeout),
                writer: Some(Writer::start(manager(Access::Write), timeout)),
            },
        }
    }

    /// Runs `work`, which only reads. Errors: see [`Lane::run`].
    pub async fn read<T, F>(&self, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Runs `work`, which may write. Errors: see [`Lane::run`] and [`Writer::run`].
    pub async fn write<T, F>(&self, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    {
        match &self.writer {
            None => self.readers.run(work).await,
            Some(writer) => writer.run(work).await,
        }
    }
}
