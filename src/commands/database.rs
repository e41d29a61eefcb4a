//! The database of the settings, as a command uses it beside a running service.

use std::mem::ManuallyDrop;

use tokio::runtime::{Builder, Runtime};

use super::output::one_line;
use crate::{
    config::settings::{DatabaseSettings, Engine},
    db::{
        Db, DbConn,
        manager::{Access, Manager},
        migrations,
    },
    error::AppError,
};

/// The pool of the service for one caller, which waits for each answer: on SQLite writes
/// take the lock from the start and wait for those of the service.
pub struct Database {
    db: Db,
    /// Never dropped: that would wait for work that has timed out, and let it happen after all. The
    /// process ends with the command, and what is not committed with it.
    runtime: ManuallyDrop<Runtime>,
}

impl Database {
    /// Connects once. Errors, in a sentence: the database is out of reach, or its migrations are pending;
    /// a command applies none, since a running service may be of an older version.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, String> {
        let settings = existing(settings)?;
        refuse_unmigrated(&mut connect(&settings, Access::Write)?)?;
        let runtime = Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
        Ok(Self {
            db: Db::new(&settings),
            runtime: ManuallyDrop::new(runtime),
        })
    }

    /// Runs `work`, which only reads. Errors: see [`Db::read`].
    pub fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        self.runtime.block_on(self.db.read(work))
    }

    /// Runs `work`, which may write. Errors: see [`Db::write`].
    pub fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        self.runtime.block_on(self.db.write(work))
    }
}

/// A connection. Errors: the database cannot be reached, in a sentence.
pub fn connect(settings: &DatabaseSettings, access: Access) -> Result<DbConn, String> {
    Manager::new(settings, access).open().map_err(unreachable)
}

/// A connection that does not open, in a sentence.
pub fn unreachable(error: impl ToString) -> String {
    let cause = one_line(&error.to_string());
    format!("cannot connect to the database: {cause}")
}

/// The settings for one connection at a time. An SQLite file is not made where there is none: in the
/// wrong folder that would leave an empty one behind.
pub fn existing(settings: &DatabaseSettings) -> Result<DatabaseSettings, String> {
    let url = match settings.url.engine {
        Engine::Postgres => settings.url.clone(),
        Engine::Sqlite => settings.url.in_mode("rw")?,
    };
    Ok(DatabaseSettings {
        url,
        pool_size: 1,
        // The operator sees for themselves that a command is slow.
        slow: None,
        ..settings.clone()
    })
}

fn refuse_unmigrated(conn: &mut DbConn) -> Result<(), String> {
    const REMEDY: &str = "start the service, or run `task-api migrate run` first";
    match migrations::pending(conn) {
        Ok(pending) if pending.is_empty() => Ok(()),
        Ok(pending) => Err(format!(
            "migrations are pending: {}; {REMEDY}",
            pending.join(", ")
        )),
        Err(error) => {
            let cause = one_line(&error.to_string());
            Err(format!("migrations are pending: all ({cause}); {REMEDY}"))
        }
    }
}
