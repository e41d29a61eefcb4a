//! What the tables of sessions, tokens, events and counters refuse by themselves.

use diesel::{QueryResult, RunQueryDsl, result::DatabaseErrorKind, sql_query};
use task_api::db::DbConn;

use crate::{
    constraints::{Values, assert_check, assert_kind, insert, long},
    fixtures::{Migrated, user},
};

crate::cases![
    rows_out_of_bounds_are_refused,
    rows_at_the_bounds_are_taken,
    what_must_be_there_must_be_there,
    an_id_stays_exact_in_json,
    a_hash_is_unique_to_its_user,
    no_row_is_without_its_owner,
    a_refresh_token_is_of_its_owners_session,
    an_event_needs_no_user,
    a_new_user_has_all_tokens,
];

const TIME: &str = "'2026-11-23 09:00:00'";

/// `count` bytes in SQL, all the same.
fn bytes(conn: &DbConn, byte: &str, count: usize) -> String {
    let digits = byte.repeat(count);
    match conn {
        DbConn::Postgres(_) => format!("'\\x{digits}'::bytea"),
        DbConn::Sqlite(_) => format!("x'{digits}'"),
    }
}

/// Inserts a row of the table, with `changes` to what is usual.
fn row(conn: &mut DbConn, table: &str, owner: i64, changes: Values) -> QueryResult<usize> {
    let (owner, hash) = (owner.to_string(), bytes(conn, "ab", 32));
    let owned = ("user_id", owner.as_str());
    let hash = hash.as_str();
    let usual = match table {
        "sessions" => vec![
            owned,
            ("created_at", TIME),
            ("last_used_at", TIME),
            ("expires_at", TIME),
            ("ip", "'192.0.2.1'"),
        ],
        "refresh_tokens" => vec![owned, ("hash", hash), ("session_id", "1")],
        "personal_tokens" => vec![
            owned,
            ("hash", hash),
            ("name", "'CI'"),
            ("scopes", "'tasks:read'"),
            ("expires_at", TIME),
            ("created_at", TIME),
        ],
        "security_events" => vec![owned, ("kind", "'login_failed'"), ("created_at", TIME)],
        "throttles" => vec![("bucket", hash), ("hits", "1"), ("ends_at", TIME)],
        other => panic!("no such table: {other}"),
    };
    insert(conn, table, &usual, changes)
}

async fn rows_out_of_bounds_are_refused(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann").id;
    row(&mut conn, "sessions", ann, &[("id", "1")]).unwrap();
    let (short, full, wide) = (
        bytes(&conn, "ab", 31),
        bytes(&conn, "ab", 32),
        bytes(&conn, "ab", 33),
    );
    let cases: &[(&str, Values, &str)] = &[
        (
            "refresh_tokens",
            &[("hash", &short)],
            "refresh_tokens_hash_check",
        ),
        (
            "refresh_tokens",
            &[("hash", &wide)],
            "refresh_tokens_hash_check",
        ),
        (
            "refresh_tokens",
            &[("used_at", TIME)],
            "refresh_tokens_used_check",
        ),
        (
            "refresh_tokens",
            &[("child_hash", &full)],
            "refresh_tokens_used_check",
        ),
        (
            "personal_tokens",
            &[("hash", &short)],
            "personal_tokens_hash_check",
        ),
        (
            "personal_tokens",
            &[("hash", &wide)],
            "personal_tokens_hash_check",
        ),
        ("throttles", &[("bucket", &short)], "throttles_bucket_check"),
        ("throttles", &[("bucket", &wide)], "throttles_bucket_check"),
    ];
    for (table, changes, constraint) in cases {
        assert_check(row(&mut conn, table, ann, changes), constraint);
    }
}

async fn rows_at_the_bounds_are_taken(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann").id;
    let (used, child) = (bytes(&conn, "01", 32), bytes(&conn, "02", 32));
    let (agent, name, request) = (long(255), long(100), long(64));
    let cases: &[(&str, Values)] = &[
        ("sessions", &[("user_agent", &agent)]),
        ("sessions", &[("user_agent", "NULL")]),
        ("refresh_tokens", &[]),
        (
            "refresh_tokens",
            &[("hash", &used), ("used_at", TIME), ("child_hash", &child)],
        ),
        ("personal_tokens", &[("name", &name)]),
        ("personal_tokens", &[("hash", &used), ("name", "'é'")]),
        (
            "security_events",
            &[("request_id", &request), ("ip", "'::1'")],
        ),
        ("throttles", &[("hits", "9223372036854775807")]),
    ];
    for (table, changes) in cases {
        let outcome = row(&mut conn, table, ann, changes);
        assert_eq!(outcome, Ok(1), "{table} {changes:?}");
    }
}

async fn what_must_be_there_must_be_there(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann").id;
    row(&mut conn, "sessions", ann, &[("id", "1")]).unwrap();
    let cases: &[(&str, &[&str])] = &[
        (
            "sessions",
            &["user_id", "created_at", "last_used_at", "expires_at", "ip"],
        ),
        ("refresh_tokens", &["user_id", "hash", "session_id"]),
        (
            "personal_tokens",
            &[
                "user_id",
                "hash",
                "name",
                "scopes",
                "expires_at",
                "created_at",
            ],
        ),
        ("security_events", &["user_id", "kind", "created_at"]),
        ("throttles", &["bucket", "hits", "ends_at"]),
    ];
    for (table, columns) in cases {
        for column in *columns {
            let outcome = row(&mut conn, table, ann, &[(column, "NULL")]);
            assert_kind(outcome, DatabaseErrorKind::NotNullViolation);
        }
    }
}

/// A number of JSON has 53 bits for certain (RFC 8259 section 6).
async fn an_id_stays_exact_in_json(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann").id;
    for table in ["sessions", "personal_tokens", "security_events"] {
        for id in ["0", "-1", "9007199254740992"] {
            let outcome = row(&mut conn, table, ann, &[("id", id)]);
            assert_kind(outcome, DatabaseErrorKind::CheckViolation);
        }
        let last = row(&mut conn, table, ann, &[("id", "9007199254740991")]);
        assert_eq!(last, Ok(1), "{table}");
    }
}

async fn a_hash_is_unique_to_its_user(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann").id;
    let bob = user(&mut conn, "bob").id;
    row(&mut conn, "sessions", ann, &[("id", "1")]).unwrap();
    row(&mut conn, "sessions", bob, &[("id", "2")]).unwrap();
    for table in ["refresh_tokens", "personal_tokens", "throttles"] {
        assert_eq!(row(&mut conn, table, ann, &[]), Ok(1));
        let again = row(&mut conn, table, ann, &[]);
        assert_kind(again, DatabaseErrorKind::UniqueViolation);
    }
    // Another user's hash would never be the same; that it may be keeps every look-up to one owner.
    let his = row(&mut conn, "refresh_tokens", bob, &[("session_id", "2")]);
    assert_eq!(his, Ok(1));
    assert_eq!(row(&mut conn, "personal_tokens", bob, &[]), Ok(1));
}

async fn no_row_is_without_its_owner(db: Migrated) {
    let mut conn = db.open();
    for table in ["sessions", "personal_tokens"] {
        let orphan = row(&mut conn, table, 7, &[]);
        assert_kind(orphan, DatabaseErrorKind::ForeignKeyViolation);
    }
}

async fn a_refresh_token_is_of_its_owners_session(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann").id;
    let bob = user(&mut conn, "bob").id;
    row(&mut conn, "sessions", ann, &[("id", "1")]).unwrap();
    for (owner, session) in [(bob, "1"), (ann, "2")] {
        let orphan = row(
            &mut conn,
            "refresh_tokens",
            owner,
            &[("session_id", session)],
        );
        assert_kind(orphan, DatabaseErrorKind::ForeignKeyViolation);
    }
    assert_eq!(row(&mut conn, "refresh_tokens", ann, &[]), Ok(1));
}

/// That an account was deleted is known after it is gone.
async fn an_event_needs_no_user(db: Migrated) {
    let mut conn = db.open();
    assert_eq!(row(&mut conn, "security_events", 7, &[]), Ok(1));
}

async fn a_new_user_has_all_tokens(db: Migrated) {
    let mut conn = db.open();
    user(&mut conn, "ann");
    let of_all = "FROM users WHERE tokens_not_before = 0";
    assert_eq!(db.database.count(of_all), 1);
    let none = "UPDATE users SET tokens_not_before = NULL";
    let outcome = sql_query(none).execute(&mut conn);
    assert_kind(outcome, DatabaseErrorKind::NotNullViolation);
}
