//! What holds for every row, though the database may not know it: a file may come from anywhere, and its
//! constraints guard only what is written through them.

use diesel::QueryResult;

use super::engine::{number, texts};
use crate::{db::DbConn, models::finding::FAULTS_MAX, repositories::statement::is_postgres};

/// A table, what names a row of it, and what no row may be.
pub struct Table {
    pub name: &'static str,
    /// SQL for the name of a row.
    key: &'static str,
    /// What is said of a row, and the condition under which it is true, in the SQL of both engines.
    never: &'static [(&'static str, &'static str)],
    /// The columns with a time, which SQLite keeps as text.
    times: &'static [&'static str],
}

const NO_USER: (&str, &str) = (
    "has no owner",
    "NOT EXISTS (SELECT 1 FROM users u WHERE u.id = t.user_id)",
);
const BAD_ID: (&str, &str) = (
    "has an id out of range",
    "t.id NOT BETWEEN 1 AND 9007199254740991",
);
const BAD_HASH: (&str, &str) = ("has a hash that is none", "length(t.hash) <> 32");

/// All tables, those first to whose rows others point.
pub const TABLES: [Table; 8] = [
    Table {
        name: "users",
        key: "t.id",
        never: &[
            BAD_ID,
            (
                "has no address",
                "length(t.email) NOT BETWEEN 1 AND 254 OR t.email <> lower(t.email)",
            ),
            ("has no password hash", "length(t.password_hash) <> 60"),
        ],
        times: &["created_at"],
    },
    Table {
        name: "tasks",
        key: "t.id",
        never: &[
            BAD_ID,
            NO_USER,
            (
                "is done and has no completed_at, or the other way round",
                "(t.status = 'done') <> (t.completed_at IS NOT NULL)",
            ),
            ("has a version below 1", "t.version < 1"),
            (
                "has an unknown status",
                "t.status NOT IN ('todo', 'in_progress', 'done', 'cancelled')",
            ),
            ("has an unknown priority", "t.priority NOT BETWEEN 0 AND 4"),
            (
                "has no title, or too long a one",
                "length(t.title) NOT BETWEEN 1 AND 200",
            ),
            (
                "has too long a description",
                "length(t.description) > 10000",
            ),
            (
                "has an external_id that is empty or too long",
                "length(t.external_id) NOT BETWEEN 1 AND 255",
            ),
            (
                "was changed before it was made",
                "t.updated_at < t.created_at",
            ),
        ],
        times: &[
            "due_at",
            "completed_at",
            "created_at",
            "updated_at",
            "deleted_at",
        ],
    },
    Table {
        name: "sessions",
        key: "t.id",
        never: &[BAD_ID, NO_USER],
        times: &["created_at", "last_used_at", "expires_at"],
    },
    Table {
        name: "refresh_tokens",
        key: "t.session_id",
        never: &[
            (
                "has no session",
                "NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = t.user_id AND s.id = t.session_id)",
            ),
            BAD_HASH,
            (
                "is used and has no successor, or the other way round",
                "(t.used_at IS NULL) <> (t.child_hash IS NULL)",
            ),
        ],
        times: &["used_at"],
    },
    Table {
        name: "personal_tokens",
        key: "t.id",
        never: &[
            BAD_ID,
            NO_USER,
            BAD_HASH,
            (
                "has no name, or too long a one",
                "length(t.name) NOT BETWEEN 1 AND 100",
            ),
            (
                "has unknown scopes",
                "t.scopes NOT IN ('tasks:read', 'tasks:write', 'tasks:read tasks:write')",
            ),
        ],
        times: &["expires_at", "created_at", "last_used_at"],
    },
    Table {
        name: "idempotency_keys",
        key: "t.user_id",
        never: &[
            NO_USER,
            (
                "has no key, or too long a one",
                "length(t.key) NOT BETWEEN 1 AND 255",
            ),
            (
                "has a status that is none",
                "t.status NOT BETWEEN 100 AND 599",
            ),
        ],
        times: &["created_at"],
    },
    Table {
        name: "security_events",
        key: "t.id",
        never: &[BAD_ID, ("belongs to nobody", "t.user_id < 1")],
        times: &["created_at"],
    },
    Table {
        name: "throttles",
        key: "t.hits",
        never: &[
            ("has a bucket that is none", "length(t.bucket) <> 32"),
            ("counts below zero", "t.hits < 0"),
        ],
        times: &["ends_at"],
    },
];

/// How SQLite keeps a time here, with or without a fraction: the order of the texts is that of the times.
const STORED_TIME: &str =
    "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]*";

/// How many rows a table has, and those that are what no row may be.
pub fn rows(conn: &mut DbConn, table: &Table) -> QueryResult<(i64, Vec<String>)> {
    let Table {
        name,
        key,
        never,
        times,
    } = table;
    let count = number(conn, format!("SELECT COUNT(*) FROM {name}"))?;
    let never = never
        .iter()
        .map(|(what, broken)| ((*what).to_owned(), (*broken).to_owned()));
    let times = times.iter().filter(|_| !is_postgres(conn)).map(|time| {
        let what = format!("has a {time} that is no time");
        (
            what,
            format!("t.{time} IS NOT NULL AND (julianday(t.{time}) IS NULL OR t.{time} NOT GLOB '{STORED_TIME}')"),
        )
    });
    let never: Vec<(String, String)> = never.chain(times).collect();
    let mut faults = Vec::new();
    for (what, broken) in never {
        let sql = format!(
            "SELECT '{name} ' || CAST({key} AS TEXT) || ' {what}' FROM {name} t \
             WHERE {broken} LIMIT {FAULTS_MAX}"
        );
        faults.extend(texts(conn, sql)?);
    }
    Ok((count, faults))
}
