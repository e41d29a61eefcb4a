//! How a pool makes connections and tells broken ones.

use std::time::Duration;

use diesel::{
    Connection, ConnectionError, PgConnection, SqliteConnection, connection::SimpleConnection,
    result::ConnectionResult,
};

use super::connection::DbConn;
use crate::config::settings::{DatabaseSettings, DatabaseUrl, Engine};

/// What a connection may be used for. Only SQLite tells the two apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
    /// Finds out how things are and changes nothing, not even a file's journal mode.
    Inspect,
}

/// Makes connections for one pool. The URL's scheme decides the engine: Diesel's own guess would
/// take a mistyped PostgreSQL URL for the name of an SQLite file.
#[derive(Debug)]
pub struct Manager {
    url: DatabaseUrl,
    access: Access,
    timeout: Duration,
}

/// A pooled connection. `broken` makes the pool replace it when it comes back.
pub struct Pooled {
    pub conn: DbConn,
    pub broken: bool,
}

impl Manager {
    /// Connects nothing yet.
    pub fn new(settings: &DatabaseSettings, access: Access) -> Self {
        Self {
            url: settings.url.clone(),
            access,
            timeout: settings.timeout,
        }
    }

    /// A new connection, set up for its use. Errors never show the URL's password.
    pub fn open(&self) -> ConnectionResult<DbConn> {
        let opened = match self.url.engine {
            Engine::Postgres => PgConnection::establish(&self.postgres_url()).map(DbConn::Postgres),
            Engine::Sqlite => self.open_sqlite().map(DbConn::Sqlite),
        };
        opened.map_err(|error| match error {
            ConnectionError::BadConnection(message) => {
                ConnectionError::BadConnection(self.url.redact(message.trim_end()))
            }
            other => other,
        })
    }

    /// The URL with time-outs, so that a peer that vanished without a word is noticed. What the
    /// operator wrote into the URL stays.
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
        if self.access == Access::Inspect {
            let timeout = self.timeout.as_millis();
            let setup = format!("PRAGMA busy_timeout = {timeout}; PRAGMA query_only = ON;");
            conn.batch_execute(&setup)
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
            return Ok(conn);
        }
        let query_only = match self.access {
            Access::Write => "OFF",
            Access::Read | Access::Inspect => "ON",
        };
        conn.batch_execute(&format!(
            "PRAGMA busy_timeout = {};
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA query_only = {query_only};",
            self.timeout.as_millis()
        ))
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Pooled, ConnectionError> {
        self.open().map(|conn| Pooled {
            conn,
            broken: false,
        })
    }

    /// Never asked: `test_on_check_out` is off, for it costs a trip to the database a request.
    fn is_valid(&self, _: &mut Pooled) -> Result<(), ConnectionError> {
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.broken || std::thread::panicking()
    }
}
