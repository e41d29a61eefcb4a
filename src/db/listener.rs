//! Hearing what is announced on PostgreSQL (LISTEN).

use std::time::Duration;

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};

use super::{connection::DbConn, manager::Manager};

/// How long a look for messages takes.
pub const HEARTBEAT: Duration = Duration::from_millis(100);

/// A connection of its own that listens on one channel.
pub struct Listener(diesel::PgConnection);

impl Listener {
    /// Connects and begins to listen: what is committed from now on is heard. Errors are for the log.
    pub fn open(manager: &Manager, channel: &'static str) -> Result<Self, String> {
        match manager.open().map_err(|error| error.to_string())? {
            DbConn::Postgres(mut conn) => {
                // What is waited for below is meant to take its time.
                conn.batch_execute(&format!("SET statement_timeout = 0; LISTEN {channel}"))
                    .map_err(|error| error.to_string())?;
                Ok(Self(conn))
            }
            DbConn::Sqlite(_) => Err("SQLite announces nothing".to_owned()),
        }
    }

    /// The messages that arrive within [`HEARTBEAT`]; all that were committed before this was called are
    /// among them, or were in the answer before. Errors: the connection is lost.
    ///
    /// The server sleeps, so that a lost connection is seen at once: libpq has no other way to wait for
    /// messages than to watch its socket, which Diesel keeps to itself.
    pub fn wait(&mut self) -> Result<Vec<String>, String> {
        let seconds = HEARTBEAT.as_secs_f64();
        let sleep = format!("SELECT pg_sleep({seconds}) FROM pg_listening_channels()");
        let channels = sql_query(sleep)
            .execute(&mut self.0)
            .map_err(|error| error.to_string())?;
        if channels == 0 {
            // A pooler that gives each transaction another connection.
            return Err("the connection does not listen: it needs a direct one".to_owned());
        }
        self.0
            .notifications_iter()
            .map(|message| {
                message
                    .map(|m| m.payload)
                    .map_err(|error| error.to_string())
            })
            .collect()
    }
}
