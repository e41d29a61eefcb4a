//! How a pool makes connections and tells broken ones.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::{
    Connection, ConnectionError, PgConnection, RunQueryDsl, SqliteConnection,
    connection::{CacheSize, SimpleConnection},
    dsl::sql,
    result::ConnectionResult,
    sql_types::Text,
};
use r2d2::HandleError;

use super::{
    connection::DbConn, file_identity::DatabaseFile, postgres_session, slow::SlowStatements,
};
use crate::{
    config::settings::{DatabaseSettings, DatabaseUrl, Engine},
    error::{AppError, UnavailableReason},
};

/// The use of a connection. Only SQLite tells reads and writes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// Makes connections for one pool. The URL's scheme decides the engine: Diesel's own guess would
/// take a mistyped PostgreSQL URL for the name of an SQLite file.
#[derive(Debug, Clone)]
pub struct Manager {
    url: DatabaseUrl,
    access: Access,
    timeout: Duration,
    prepared_statements: bool,
    slow: Option<Duration>,
    /// Whether PostgreSQL limits how long a statement runs, waits for locks, or leaves a transaction open.
    bounded: bool,
    file: Option<DatabaseFile>,
    /// How often a connection was lost. When one is, the others are suspect: a server that was restarted
    /// took all of them with it.
    losses: Arc<AtomicU64>,
}

/// A connection that was not used for so long may have been closed meanwhile, by the server
/// (`idle_session_timeout`) or by a pooler or firewall between.
const IDLE: Duration = Duration::from_secs(1);

/// A pooled connection.
pub struct Pooled {
    pub conn: DbConn,
    /// How the last work on it failed, if it did.
    pub failed: Option<UnavailableReason>,
    /// When it was opened, or last used.
    pub used: Instant,
    /// Whether work on it must be in a transaction that names its isolation.
    pub explicit: bool,
    /// The losses before it was opened, or last found to be good.
    losses: u64,
}

impl Manager {
    /// Connects nothing yet.
    pub fn new(settings: &DatabaseSettings, access: Access) -> Self {
        Self {
            url: settings.url.clone(),
            access,
            timeout: settings.timeout,
            prepared_statements: settings.prepared_statements,
            slow: None,
            bounded: false,
            file: None,
            losses: Arc::default(),
        }
    }

    /// For requests: logs statements that take `slow` or longer, and lets PostgreSQL end a statement, a wait
    /// for a lock or an idle transaction whose caller has gone.
    pub fn for_requests(self, slow: Option<Duration>) -> Self {
        Self {
            slow,
            bounded: true,
            ..self
        }
    }

    /// Opens `file` and no other one, which it would make where none is.
    pub fn with_file(self, file: Option<DatabaseFile>) -> Self {
        Self { file, ..self }
    }

    /// Errors: `Unavailable` where the file of the database is gone.
    pub fn check(&self) -> Result<(), AppError> {
        self.file.as_ref().map_or(Ok(()), DatabaseFile::check)
    }

    /// A new connection, set up for its use. Errors never show the URL's password.
    pub fn open(&self) -> ConnectionResult<DbConn> {
        if let Err(error) = self.check() {
            let cause = error.cause().unwrap_or_default();
            return Err(ConnectionError::BadConnection(cause.to_owned()));
        }
        let opened = match self.url.engine {
            Engine::Postgres => self.open_postgres().map(DbConn::Postgres),
            Engine::Sqlite => self.open_sqlite().map(DbConn::Sqlite),
        };
        let mut conn = opened.map_err(|error| match error {
            ConnectionError::BadConnection(message) => {
                ConnectionError::BadConnection(self.url.redact(message.trim_end()))
            }
            other => other,
        })?;
        if let Some(limit) = self.slow {
            conn.set_instrumentation(SlowStatements::new(limit));
        }
        Ok(conn)
    }

    fn open_postgres(&self) -> ConnectionResult<PgConnection> {
        let mut conn = PgConnection::establish(&self.postgres_url())?;
        if self.prepared_statements {
            let time_outs = if self.bounded {
                // A statement that takes a little longer than callers wait has lost its caller.
                format!(
                    "SET lock_timeout = {}; SET statement_timeout = {};
                     SET idle_in_transaction_session_timeout = {}",
                    self.lock_timeout().as_millis(),
                    (self.timeout * 11 / 10).as_millis(),
                    (self.timeout * 4).as_millis(),
                )
            } else {
                postgres_session::without_time_outs(false)
            };
            conn.batch_execute(&format!("{}; {time_outs}", postgres_session::ISOLATION))
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
        } else {
            // Through a pooler of transactions it would be set for the next client.
            conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        }
        Ok(conn)
    }

    /// A little less than callers wait, so that they get the reason.
    fn lock_timeout(&self) -> Duration {
        self.timeout * 9 / 10
    }

    /// The URL with time-outs, so that a peer that vanished without a word is noticed. Those
    /// that the operator wrote into the URL stay.
    fn postgres_url(&self) -> String {
        let milliseconds = self.timeout.as_millis();
        let seconds = self.timeout.as_secs().max(2);
        let mut url = self.url.expose().to_owned();
        for (name, value) in [
            ("application_name", "task-api".to_owned()),
            ("connect_timeout", seconds.to_string()),
            ("tcp_user_timeout", milliseconds.to_string()),
            ("keepalives_idle", "10".to_owned()),
            ("keepalives_interval", "5".to_owned()),
            ("keepalives_count", "3".to_owned()),
        ] {
            if !url.contains(&format!("{name}=")) {
                let separator = if url.contains('?') { '&' } else { '?' };
                url.push_str(&format!("{separator}{name}={value}"));
            }
        }
        url
    }

    /// WAL lets readers and the writer go on side by side; `synchronous=FULL` makes an acknowledged
    /// write survive a power cut.
    fn open_sqlite(&self) -> ConnectionResult<SqliteConnection> {
        let mut conn = SqliteConnection::establish(self.url.expose())?;
        let query_only = match self.access {
            Access::Write => "OFF",
            Access::Read => "ON",
        };
        conn.batch_execute(&format!(
            "PRAGMA busy_timeout = {}",
            self.lock_timeout().as_millis()
        ))
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
        let mode: String = sql::<Text>("PRAGMA journal_mode = WAL")
            .get_result(&mut conn)
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        if mode != "wal" {
            let cause = "SQLite's write-ahead log needs shared memory, which this file system does not have";
            return Err(ConnectionError::BadConnection(cause.to_owned()));
        }
        conn.batch_execute(&format!(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA query_only = {query_only}"
        ))
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Pooled, ConnectionError> {
        // Looked at before, so that a loss meanwhile makes it suspect.
        let losses = self.losses.load(Ordering::Relaxed);
        let mut conn = self.open()?;
        let explicit = match &mut conn {
            DbConn::Postgres(conn) if !self.prepared_statements => {
                postgres_session::isolates_otherwise(conn)
                    .map_err(ConnectionError::CouldntSetupConfiguration)?
            }
            _ => false,
        };
        Ok(Pooled {
            conn,
            failed: None,
            used: Instant::now(),
            explicit,
            losses,
        })
    }

    /// Asked at each check-out. It costs a trip to the database only where the connection was idle for a while,
    /// and after another connection was lost.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), ConnectionError> {
        let losses = self.losses.load(Ordering::Relaxed);
        if pooled.losses != losses || pooled.used.elapsed() >= IDLE {
            pooled
                .conn
                .batch_execute("SELECT 1")
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
            pooled.losses = losses;
        }
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        let failed = pooled.failed;
        if failed == Some(UnavailableReason::Lost) {
            self.losses.fetch_add(1, Ordering::Relaxed);
        }
        failed.is_some_and(UnavailableReason::breaks_connection) || std::thread::panicking()
    }
}

/// Logs why connections cannot be opened. That one was closed while it was idle is no failure: it is replaced before
/// its use.
#[derive(Debug)]
pub struct LogFailures;

impl HandleError<ConnectionError> for LogFailures {
    fn handle_error(&self, error: ConnectionError) {
        match error {
            ConnectionError::CouldntSetupConfiguration(error)
                if UnavailableReason::of(&error) == Some(UnavailableReason::Lost) =>
            {
                log::debug!("a connection was closed while it was idle: {error}");
            }
            _ => log::error!("{error}"),
        }
    }
}
