//! Kinds of unavailability, as operators tell them apart.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Why the service cannot answer right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// The database cannot be connected to.
    Connect,
    /// A connection broke.
    Lost,
    /// It took too long.
    Timeout,
    /// More wait already than may.
    QueueFull,
    /// The database takes no writes.
    ReadOnly,
    /// There is no room for writes.
    DiskFull,
    /// Another process holds the file.
    Locked,
    /// Two writers were in each other's way; one of them may try again.
    Conflict,
    Other,
}

impl Outage {
    pub const ALL: [Self; 9] = [
        Self::Connect,
        Self::Lost,
        Self::Timeout,
        Self::QueueFull,
        Self::ReadOnly,
        Self::DiskFull,
        Self::Locked,
        Self::Conflict,
        Self::Other,
    ];

    /// Its name, for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Lost => "lost",
            Self::Timeout => "timeout",
            Self::QueueFull => "queue_full",
            Self::ReadOnly => "read_only",
            Self::DiskFull => "disk_full",
            Self::Locked => "locked",
            Self::Conflict => "conflict",
            Self::Other => "other",
        }
    }

    /// The outage that `error` is; `None` where the statement is at fault.
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
        let known = MESSAGES.iter().find(|(text, _)| message.contains(text));
        known.map(|(_, outage)| *outage)
    }
}

/// The messages that say that the database, not the statement, is at fault.
const MESSAGES: [(&str, Outage); 14] = [
    // SQLite: SQLITE_FULL, IOERR, BUSY, CANTOPEN, READONLY.
    ("database or disk is full", Outage::DiskFull),
    ("disk I/O error", Outage::Other),
    ("database is locked", Outage::Locked),
    ("unable to open database file", Outage::Connect),
    ("attempt to write a readonly database", Outage::ReadOnly),
    // PostgreSQL, while its messages are in English: classes 53 (out of resources) and 57
    // (operator intervention), and what libpq says of a connection that is gone.
    ("No space left on device", Outage::DiskFull),
    ("remaining connection slots are reserved", Outage::Connect),
    ("too many clients already", Outage::Connect),
    ("terminating connection", Outage::Lost),
    ("server closed the connection", Outage::Lost),
    ("the database system is", Outage::Connect),
    ("canceling statement", Outage::Timeout),
    // Class 40.
    ("deadlock detected", Outage::Conflict),
    ("out of shared memory", Outage::Other),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn database(kind: DatabaseErrorKind, message: &str) -> Option<Outage> {
        let info = Box::new(message.to_owned());
        Outage::of(&DieselError::DatabaseError(kind, info))
    }

    #[test]
    fn an_outage_is_told_from_a_wrong_statement() {
        for (message, outage) in MESSAGES {
            assert_eq!(
                database(DatabaseErrorKind::Unknown, message),
                Some(outage),
                "{message}"
            );
        }
        for (kind, outage) in [
            (DatabaseErrorKind::ClosedConnection, Outage::Lost),
            (DatabaseErrorKind::UnableToSendCommand, Outage::Lost),
            (DatabaseErrorKind::ReadOnlyTransaction, Outage::ReadOnly),
            (DatabaseErrorKind::SerializationFailure, Outage::Conflict),
        ] {
            assert_eq!(database(kind, "gone"), Some(outage));
        }
        let wrong = database(DatabaseErrorKind::Unknown, "no such table: tasks");
        assert_eq!(wrong, None);
    }
}
