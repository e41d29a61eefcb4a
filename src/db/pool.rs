//! The one place where requests hop to a blocking thread to use the database.

use prometheus_client::registry::Registry;

use super::{
    connection::DbConn,
    file_identity::DatabaseFile,
    lane::Lane,
    manager::{Access, Manager},
    writer::Writer,
};
use crate::{
    config::settings::{DatabaseSettings, Engine},
    error::AppError,
    telemetry::{database::DatabaseMetrics, reading::Reading},
};

/// Access to the database. On PostgreSQL, reads and writes share one pool; on SQLite writes have
/// one connection of their own, since the engine has one writer at a time: they queue instead of
/// failing with "database is locked".
#[derive(Clone)]
pub struct Db {
    readers: Lane,
    /// `None` where writes go the way of reads.
    writer: Option<Writer>,
    /// `None` on PostgreSQL, and on SQLite where the first connection has yet to make it.
    file: Option<DatabaseFile>,
    metrics: DatabaseMetrics,
}

impl Db {
    /// Connects nothing yet: that happens in the background or with the first request.
    pub fn new(settings: &DatabaseSettings) -> Self {
        let metrics = DatabaseMetrics::new();
        let file = settings.url.file();
        let file = file.and_then(|path| DatabaseFile::open(path).ok());
        let manager = |access| {
            Manager::new(settings, access)
                .with_file(file.clone())
                .for_requests(settings.slow)
        };
        let (readers, writer) = match settings.url.engine {
            Engine::Postgres => (
                Lane::new(manager(Access::Write), settings, metrics.of("main")),
                None,
            ),
            Engine::Sqlite => (
                Lane::new(manager(Access::Read), settings, metrics.of("readers")),
                Some(Writer::start(
                    manager(Access::Write),
                    settings,
                    metrics.of("writer"),
                )),
            ),
        };
        Self {
            readers,
            writer,
            file,
            metrics,
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

    /// Whether the file of the database is still there. Errors: `Unavailable` where it is not.
    pub fn check(&self) -> Result<(), AppError> {
        self.file.as_ref().map_or(Ok(()), DatabaseFile::check)
    }

    /// Adds what is counted of its use to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        self.metrics.register(registry);
        let pool = match self.writer {
            None => "main",
            Some(_) => "readers",
        };
        let (busy, idle, hung) = (
            self.readers.clone(),
            self.readers.clone(),
            self.readers.clone(),
        );
        let connections = Reading::new("db_connections", "Connections to the database.")
            .row(&[("pool", pool), ("state", "busy")], move || {
                busy.connections().0
            })
            .row(&[("pool", pool), ("state", "idle")], move || {
                idle.connections().1
            })
            .row(&[("pool", pool), ("state", "hung")], move || {
                hung.given_up()
            });
        let readers = self.readers.clone();
        let mut waiting = Reading::new("db_queue_waiting", "Work that waits for a connection.")
            .row(&[("pool", pool)], move || readers.waiting());
        if let Some(writer) = self.writer.clone() {
            waiting = waiting.row(&[("pool", "writer")], move || writer.waiting());
        }
        registry.register_collector(Box::new(connections));
        registry.register_collector(Box::new(waiting));
    }

    /// Closes the connections once what is at work is done; on SQLite, what is in the write-ahead log
    /// goes to the file. It blocks its thread. Clones must not be used any more.
    pub fn close(self) {
        // First the readers: they hold up the checkpoint.
        drop(self.readers);
        if let Some(writer) = self.writer {
            writer.close();
        }
    }
}
