//! The one place where requests hop to a blocking thread to use the database.

use super::{
    connection::DbConn,
    lane::Lane,
    manager::{Access, Manager},
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
    engine: Engine,
    readers: Lane,
    writers: Lane,
}

impl Db {
    /// Connects nothing yet: the pools do that in the background.
    pub fn new(settings: &DatabaseSettings) -> Self {
        let lane = |access, size| Lane::new(Manager::new(settings, access), size, settings.timeout);
        match settings.url.engine {
            Engine::Postgres => {
                let shared = lane(Access::Write, settings.pool_size);
                Self {
                    engine: Engine::Postgres,
                    readers: shared.clone(),
                    writers: shared,
                }
            }
            Engine::Sqlite => Self {
                engine: Engine::Sqlite,
                readers: lane(Access::Read, settings.pool_size),
                writers: lane(Access::Write, 1),
            },
        }
    }

    /// Which engine answers.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Runs `work`, which only reads. Errors: see [`Lane::run`].
    pub async fn read<T, F>(&self, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Runs `work`, which may write. Errors: see [`Lane::run`].
    pub async fn write<T, F>(&self, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    {
        self.writers.run(work).await
    }
}
