//! The reasons of `unavailable`, as operators tell them apart.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use strum::{IntoStaticStr, VariantArray};

/// Why the service cannot answer right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum UnavailableReason {
    /// The database cannot be connected to.
    Connect,
    /// A connection broke.
    Lost,
    /// It took too long.
    Timeout,
    /// The queue is full.
    QueueFull,
    /// The database takes no writes.
    ReadOnly,
    /// There is no room for writes.
    DiskFull,
    /// Another process holds the file.
    Locked,
    /// A deadlock, or a transaction that cannot be serialised; the caller may try again.
    Conflict,
    Other,
}

impl UnavailableReason {
    /// Its name, for metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether a connection on which this happened is of no use any more. A statement that was cancelled,
    /// say because it waited too long for a lock, leaves a healthy one.
    pub fn breaks_connection(self) -> bool {
        matches!(self, Self::Lost | Self::Connect | Self::ReadOnly)
    }

    /// The reason that `error` is; `None` where the statement is at fault.
    pub fn of(error: &DieselError) -> Option<Self> {
        match error {
            DieselError::BrokenTransactionManager => Some(Self::Lost),
            DieselError::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                    Some(Self::Lost)
                }
                DatabaseErrorKind::ReadOnlyTransaction => Some(Self::ReadOnly),
                DatabaseErrorKind::SerializationFailure => Some(Self::Conflict),
                _ => Self::of_message(info.message()),
            },
            _ => None,
        }
    }

    /// Diesel keeps neither SQLite's result code nor PostgreSQL's SQLSTATE, only the message.
    fn of_message(message: &str) -> Option<Self> {
        let sqlite = SQLITE.iter().find(|(text, _)| message == *text);
        let known = sqlite.or_else(|| POSTGRES.iter().find(|(text, _)| message.contains(text)));
        known.map(|(_, reason)| *reason)
    }
}

/// The whole messages of SQLite that say that the database, not the statement, is at fault. There is one for each result
/// code, and in English only.
const SQLITE: [(&str, UnavailableReason); 7] = {
    use UnavailableReason::{Connect, DiskFull, Locked, Other, ReadOnly};
    [
        ("database or disk is full", DiskFull),             // FULL
        ("disk I/O error", Other),                          // IOERR
        ("out of memory", Other),                           // NOMEM
        ("database is locked", Locked),                     // BUSY
        ("locking protocol", Locked),                       // PROTOCOL
        ("unable to open database file", Connect),          // CANTOPEN
        ("attempt to write a readonly database", ReadOnly), // READONLY
    ]
};

/// Parts of messages of PostgreSQL, while these are in English: classes 40 (rollback), 53 (out of resources) and 57
/// (operator intervention), and those of libpq for a connection that is gone. Statements that were cancelled are known in
/// other languages too: see `db::cancellations`.
const POSTGRES: [(&str, UnavailableReason); 9] = {
    use UnavailableReason::{Conflict, Connect, DiskFull, Lost, Other, Timeout};
    [
        ("No space left on device", DiskFull),
        ("remaining connection slots are reserved", Connect),
        ("too many clients already", Connect),
        ("terminating connection", Lost),
        ("server closed the connection", Lost),
        ("the database system is", Connect),
        ("canceling statement", Timeout),
        ("deadlock detected", Conflict),
        ("out of shared memory", Other),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unavailable_database_is_told_from_a_wrong_statement() {
        use DatabaseErrorKind::{
            ClosedConnection, ReadOnlyTransaction, SerializationFailure, UnableToSendCommand,
            Unknown,
        };
        let of = |kind, message: &str| {
            UnavailableReason::of(&DieselError::DatabaseError(
                kind,
                Box::new(message.to_owned()),
            ))
        };
        for (message, reason) in SQLITE.into_iter().chain(POSTGRES) {
            assert_eq!(of(Unknown, message), Some(reason), "{message}");
        }
        for (kind, reason) in [
            (ClosedConnection, UnavailableReason::Lost),
            (UnableToSendCommand, UnavailableReason::Lost),
            (ReadOnlyTransaction, UnavailableReason::ReadOnly),
            (SerializationFailure, UnavailableReason::Conflict),
        ] {
            assert_eq!(of(kind, "gone"), Some(reason));
        }
        assert_eq!(of(Unknown, "no such table: tasks"), None);
        assert_eq!(of(Unknown, "no such column: disk I/O error"), None);
    }
}
