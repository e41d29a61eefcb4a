//! What each function of the repositories sends to the database.

use std::{
    mem,
    sync::{Arc, Mutex},
};

use diesel::{Connection, connection::InstrumentationEvent};
use task_api::db::DbConn;

use super::binds::Sent;

/// A connection that remembers.
pub struct Tape {
    pub conn: DbConn,
    sent: Arc<Mutex<Vec<Sent>>>,
    pub calls: Vec<Call>,
}

/// A call of a function, `users::insert` for one, and what it sent.
pub struct Call {
    pub function: String,
    pub sent: Vec<Sent>,
}

impl Tape {
    pub fn new(mut conn: DbConn) -> Self {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let heard = sent.clone();
        let listen = move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                heard.lock().unwrap().push(Sent::parse(&query.to_string()));
            }
        };
        // The enum itself keeps no instrumentation.
        match &mut conn {
            DbConn::Postgres(conn) => conn.set_instrumentation(listen),
            DbConn::Sqlite(conn) => conn.set_instrumentation(listen),
        }
        Self {
            conn,
            sent,
            calls: Vec::new(),
        }
    }

    /// Says that what was sent since the last time is `function`'s.
    pub fn note(&mut self, function: &str) {
        let function = function.replace(' ', "");
        let sent = mem::take(&mut *self.sent.lock().unwrap());
        self.calls.push(Call { function, sent });
    }
}

/// Calls a function of the repositories on a tape's connection, and notes it under its own name: the two
/// cannot differ.
#[macro_export]
macro_rules! call {
    ($tape:expr, $($name:ident)::+ ($($argument:expr),* $(,)?)) => {{
        let outcome = task_api::repositories::$($name)::+(&mut $tape.conn, $($argument),*);
        $tape.note(stringify!($($name)::+));
        outcome.expect(stringify!($($name)::+))
    }};
}
