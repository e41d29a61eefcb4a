//! The one place where requests hop to a blocking thread to use the database.

use prometheus_client::registry::Registry;

use super::{
    connection::Work,
    fair_pool::FairPool,
    file_identity::DatabaseFile,
    manager::{Access, Manager},
    writer::Writer,
};
use crate::{
    config::settings::{DatabaseSettings, Engine},
    error::AppError,
    telemetry::{database::DatabaseMetrics, gauge::CallbackGauge},
};

/// Access to the database. On PostgreSQL, reads and writes share one pool; on SQLite writes have
/// one connection of their own, since the engine has one writer at a time: they queue instead of
/// failing with "database is locked".
#[derive(Clone)]
pub struct Db {
    readers: FairPool,
    /// `None` where writes take the connections of reads.
    writer: Option<Writer>,
    /// One connection: the readiness probe does not wait behind traffic.
    probe: FairPool,
    /// `None` on PostgreSQL, and on SQLite where the first connection has yet to make it.
    file: Option<DatabaseFile>,
    metrics: DatabaseMetrics,
}

impl Db {
    /// Connects nothing yet: that happens in the background or with the first request.
    pub fn new(settings: &DatabaseSettings) -> Self {
        let metrics = DatabaseMetrics::default();
        let file = settings.url.file();
        let file = file.and_then(|path| DatabaseFile::open(path).ok());
        let manager = |access| {
            Manager::new(settings, access)
                .with_file(file.clone())
                .for_requests(settings.slow)
        };
        let pool = |name, access, size, kept| {
            FairPool::new(manager(access), size, kept, settings, metrics.of(name))
        };
        let size = settings.pool_size;
        let (readers, writer) = match settings.url.engine {
            Engine::Postgres => (pool("main", Access::Write, size, size), None),
            Engine::Sqlite => {
                let manager = manager(Access::Write);
                let writer = Writer::start(manager, settings, metrics.of("writer"));
                (pool("readers", Access::Read, size, size), Some(writer))
            }
        };
        Self {
            readers,
            writer,
            // It connects with the first probe.
            probe: pool("probe", Access::Read, 1, 0),
            file,
            metrics,
        }
    }

    /// Runs `work`, which only reads. Errors: see [`FairPool::run`].
    pub async fn read<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T, AppError> {
        self.counted(self.readers.run(work).await)
    }

    /// Runs `work`, which may write. Errors: see [`FairPool::run`] and [`Writer::run`].
    pub async fn write<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T, AppError> {
        self.counted(match &self.writer {
            None => self.readers.run(work).await,
            Some(writer) => writer.run(work).await,
        })
    }

    /// Runs `work`, which only reads, on the connection of the readiness probe. Errors: see
    /// [`FairPool::run`].
    pub async fn probe<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T, AppError> {
        self.counted(self.probe.run(work).await)
    }

    fn counted<T>(&self, outcome: Result<T, AppError>) -> Result<T, AppError> {
        self.metrics.count(&outcome);
        outcome
    }

    /// Whether the file of the database is still there. Errors: `Unavailable` where it is not.
    pub fn check(&self) -> Result<(), AppError> {
        self.file.as_ref().map_or(Ok(()), DatabaseFile::check)
    }

    /// Adds the metrics of its use to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        self.metrics.register(registry);
        let pool = match self.writer {
            None => "main",
            Some(_) => "readers",
        };
        let (busy, idle) = (self.readers.clone(), self.readers.clone());
        let row = |state| [("pool", pool), ("state", state)];
        CallbackGauge::new("db_connections", "Connections to the database.")
            .row(&row("busy"), move || busy.connections().0)
            .row(&row("idle"), move || idle.connections().1)
            .register(registry);
        let readers = self.readers.clone();
        let mut waiting =
            CallbackGauge::new("db_queue_waiting", "Work that waits for a connection.")
                .row(&[("pool", pool)], move || readers.waiting());
        if let Some(writer) = self.writer.clone() {
            waiting = waiting.row(&[("pool", "writer")], move || writer.waiting());
        }
        waiting.register(registry);
    }

    /// Closes the connections after the work on them is done; on SQLite, the write-ahead log is written
    /// to the file. It blocks its thread. Clones must not be used any more.
    pub fn close(self) {
        // First those that read: they hold up the checkpoint.
        drop(self.readers);
        drop(self.probe);
        if let Some(writer) = self.writer {
            writer.close();
        }
    }
}
