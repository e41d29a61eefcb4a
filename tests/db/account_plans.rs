//! Which indexes the statements about accounts read, where there are many rows of many users.

use std::sync::{Arc, Mutex};

use diesel::{
    Connection, QueryableByName, RunQueryDsl,
    connection::{InstrumentationEvent, SimpleConnection},
    result::Error,
    sql_query, sql_types,
};
use task_api::{
    db::DbConn,
    models::{event::NewEvent, session::SessionUse, throttle::Bucket, time::UtcTime},
    repositories::{
        events, maintenance, personal_tokens, refresh_tokens, sessions, throttles, users,
    },
};

use crate::{
    accounts_purge::PURGE_TARGETS,
    fixtures::{Migrated, texts, time},
};

crate::cases![
    every_statement_goes_through_an_index,
    every_purge_goes_through_an_index,
];

/// Rows of each table. Every other one is of the first user, the rest of all.
const ROWS: i64 = 10_000;
const USERS: i64 = 1_000;
const LARGE: i64 = 1;
const PAGE: i64 = 51;

fn fill(conn: &mut DbConn) {
    let (with, series, bytes, at) = match conn {
        DbConn::Postgres(_) => (
            "",
            format!("generate_series(1, {ROWS}) AS s(n)"),
            "convert_to(lpad(n::text, 32, '0'), 'UTF8')",
            "timestamp '2026-01-01' + n * interval '1 minute'",
        ),
        DbConn::Sqlite(_) => (
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 10000) ",
            "s".to_owned(),
            "CAST(printf('%032d', n) AS BLOB)",
            "datetime('2026-01-01', n || ' minutes')",
        ),
    };
    let owner = format!("CASE WHEN n % 2 = 0 THEN {LARGE} ELSE n / 2 % {USERS} + 1 END");
    let insert = |table: &str, columns: &str, values: &str, from: &str| {
        let sql =
            format!("INSERT INTO {table} ({columns}) {with}SELECT {values} FROM {series} {from}");
        sql.replace("{u}", &owner)
            .replace("{h}", bytes)
            .replace("{at}", at)
    };
    let statements = [
        insert(
            "users",
            "email, password_hash, created_at",
            &format!(
                "'u' || n || '@example.com', '{}', {{at}}",
                crate::fixtures::HASH
            ),
            &format!("WHERE n <= {USERS}"),
        ),
        insert(
            "sessions",
            "user_id, created_at, last_used_at, expires_at, ip",
            "{u}, {at}, {at}, {at}, '::1'",
            "ORDER BY n",
        ),
        insert(
            "refresh_tokens",
            "user_id, hash, session_id, used_at, child_hash",
            "{u}, {h}, n, CASE WHEN n % 10 > 0 THEN {at} END, CASE WHEN n % 10 > 0 THEN {h} END",
            "",
        ),
        insert(
            "personal_tokens",
            "user_id, hash, name, scopes, expires_at, created_at",
            "{u}, {h}, 'CI', 'tasks:read', {at}, {at}",
            "ORDER BY n",
        ),
        insert(
            "security_events",
            "user_id, kind, created_at",
            "{u}, 'x', {at}",
            "ORDER BY n",
        ),
        insert("throttles", "bucket, hits, ends_at", "{h}, 1, {at}", ""),
        insert(
            "projects",
            "user_id, name, created_at, updated_at, deleted_at",
            "{u}, 'x', {at}, {at}, CASE WHEN n % 10 > 0 THEN {at} END",
            "ORDER BY n",
        ),
        insert(
            "tasks",
            "user_id, title, created_at, updated_at, deleted_at",
            "{u}, 'x', {at}, {at}, CASE WHEN n % 2 = 0 THEN {at} END",
            "",
        ),
        insert(
            "idempotency_keys",
            "user_id, key, fingerprint, status, headers, created_at",
            "{u}, 'k' || n, {h}, 201, '[]', {at}",
            "",
        ),
    ];
    for sql in statements {
        sql_query(&sql).execute(conn).expect(&sql);
    }
    if matches!(conn, DbConn::Postgres(_)) {
        conn.batch_execute("ANALYZE").unwrap();
    }
}

/// The bytes that `fill` makes of `n`.
fn hash(n: i64) -> [u8; 32] {
    format!("{n:032}").into_bytes().try_into().unwrap()
}

fn moment() -> UtcTime {
    time("2026-01-05T00:00:00Z")
}

/// How often PostgreSQL began to read each table as a whole (`table`) and each index (`index`) in this
/// transaction.
fn scans(conn: &mut DbConn) -> Vec<String> {
    texts(
        conn,
        "SELECT c.relkind::text || ' ' || c.relname || ' ' || pg_stat_get_xact_numscans(c.oid) AS text
         FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i') ORDER BY 1",
    )
}

/// What `run` reads, and takes back: on PostgreSQL as it happens, on SQLite by the plan of every
/// statement that it makes. `table NAME` is one that is read as a whole.
fn read(conn: &mut DbConn, run: &dyn Fn(&mut DbConn)) -> Vec<String> {
    let made = Arc::new(Mutex::new(Vec::new()));
    if let DbConn::Sqlite(conn) = conn {
        let made = made.clone();
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                made.lock().unwrap().push(query.to_string());
            }
        });
    }
    let mut found = Vec::new();
    let outcome = conn.transaction(|conn| {
        let is_postgres = matches!(conn, DbConn::Postgres(_));
        let before = if is_postgres { scans(conn) } else { Vec::new() };
        run(conn);
        if is_postgres {
            let after = scans(conn).into_iter();
            let changed = after.filter(|line| !before.contains(line));
            found.extend(changed.map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                match words[0] {
                    "r" => format!("table {}", words[1]),
                    _ => format!("index {}", words[1]),
                }
            }));
        }
        Err::<(), _>(Error::RollbackTransaction)
    });
    assert_eq!(outcome, Err(Error::RollbackTransaction));
    if let DbConn::Sqlite(conn) = conn {
        conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    }
    let made = made.lock().unwrap().clone();
    let is_ours = |sql: &&String| {
        !["BEGIN", "ROLLBACK"]
            .iter()
            .any(|word| sql.starts_with(word))
    };
    for sql in made.iter().filter(is_ours) {
        found.extend(plan(conn, sql));
    }
    found
}

/// SQLite's plan of a statement, without its values.
fn plan(conn: &mut DbConn, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Text)]
        detail: String,
    }
    let (sql, _) = sql.split_once(" -- binds").unwrap_or((sql, ""));
    let rows: Vec<Row> = sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
        .load(conn)
        .expect(sql);
    let lines = rows.into_iter().map(|row| row.detail);
    lines
        .map(|line| match line.strip_prefix("SCAN ") {
            Some(table) if !table.contains(" USING ") => format!("table {table}"),
            _ => line,
        })
        .collect()
}

/// Each of `indexes` is read, in one of the names that the engines give it, and no table as a whole but that of the
/// epoch, which has one row.
#[track_caller]
fn assert_indexes(name: &str, read: &[String], indexes: &[&[&str]]) {
    let is_whole = |line: &&String| line.starts_with("table ") && *line != "table epochs";
    let whole = read.iter().find(is_whole);
    assert_eq!(whole, None, "{name}: {read:#?}");
    let sorted = read.iter().find(|line| line.contains("TEMP B-TREE"));
    assert_eq!(sorted, None, "{name}: {read:#?}");
    for names in indexes {
        let is_read = |line: &String| {
            let mut words = line.split(' ');
            words.any(|word| names.contains(&word))
        };
        assert!(read.iter().any(is_read), "{name}, {names:?}: {read:#?}");
    }
}

type Run = fn(&mut DbConn);

const EMAIL: &[&str] = &["users_email_key"];
const USER: &[&str] = &["users_pkey", "PRIMARY"];
const SESSION: &[&str] = &["sessions_pkey", "sessions_user_id_id_idx", "PRIMARY"];
const PERSONAL: &[&str] = &[
    "personal_tokens_hash_key",
    "sqlite_autoindex_personal_tokens_1",
];
const REFRESH: &[&str] = &["refresh_tokens_pkey", "sqlite_autoindex_refresh_tokens_1"];
const THROTTLE: &[&str] = &["throttles_pkey", "sqlite_autoindex_throttles_1"];

const STATEMENTS: &[(&str, &[&[&str]], Run)] = &[
    ("find_user", &[EMAIL, SESSION], |conn| {
        let found = sessions::find_user(conn, "u1@example.com", 5_000);
        assert!(found.unwrap().is_some());
    }),
    ("personal_tokens::find", &[PERSONAL, USER], |conn| {
        let found = personal_tokens::find(conn, LARGE, &hash(5_000));
        assert!(found.unwrap().is_some());
    }),
    ("refresh_tokens::find", &[REFRESH, SESSION], |conn| {
        let found = refresh_tokens::find(conn, LARGE, &hash(5_000));
        assert!(found.unwrap().is_some());
    }),
    ("refresh_tokens::mark_used", &[REFRESH], |conn| {
        refresh_tokens::mark_used(conn, LARGE, &hash(5_000), moment(), &hash(1)).unwrap();
    }),
    (
        "sessions::list",
        &[&["sessions_pkey", "sessions_user_id_id_idx"]],
        |conn| {
            let now = time("2026-01-01T00:00:00Z");
            let found = sessions::list(conn, LARGE, now, Some(5_000), PAGE);
            assert_eq!(found.unwrap().len(), 51);
        },
    ),
    (
        "personal_tokens::list",
        &[&["personal_tokens_pkey", "personal_tokens_user_id_id_idx"]],
        |conn| {
            let found = personal_tokens::list(conn, LARGE, Some(5_000), PAGE);
            assert_eq!(found.unwrap().len(), 51);
        },
    ),
    (
        "events::list",
        &[&["security_events_pkey", "security_events_user_id_id_idx"]],
        |conn| {
            let found = events::list(conn, LARGE, Some(5_000), PAGE);
            assert_eq!(found.unwrap().len(), 51);
        },
    ),
    ("events::insert_for", &[EMAIL], |conn| {
        let event = NewEvent {
            kind: "x",
            created_at: moment(),
            ip: None,
            request_id: None,
        };
        events::insert_for(conn, "u1@example.com", &event).unwrap();
    }),
    ("throttles::find", &[THROTTLE], |conn| {
        let buckets = [9_998, 9_999].map(|n| Bucket(hash(n)));
        let found = throttles::find(conn, &buckets, moment());
        assert_eq!(found.unwrap().len(), 2);
    }),
    ("sessions::touch", &[SESSION], |conn| {
        let session_use = SessionUse {
            last_used_at: moment(),
            expires_at: moment(),
            ip: "::1",
            user_agent: None,
        };
        sessions::touch(conn, LARGE, 5_000, &session_use).unwrap();
    }),
    ("sessions::delete", &[SESSION], |conn| {
        assert!(sessions::delete(conn, LARGE, 5_000).unwrap());
    }),
    (
        "sessions::delete_all",
        &[&["sessions_pkey", "sessions_user_id_id_idx"]],
        |conn| {
            assert!(sessions::delete_all(conn, 7, None).unwrap() > 0);
        },
    ),
    ("users::find_credentials", &[EMAIL], |conn| {
        let found = users::find_credentials(conn, "u1@example.com");
        assert!(found.unwrap().is_some());
    }),
    ("users::lock", &[USER], |conn| {
        assert!(users::lock(conn, LARGE).unwrap().is_some());
    }),
    ("users::list", &[USER], |conn| {
        assert_eq!(users::list(conn, 500, 10).unwrap().len(), 10);
    }),
    ("users::delete", &[USER], |conn| {
        users::delete(conn, 7).unwrap();
    }),
];

async fn every_statement_goes_through_an_index(db: Migrated) {
    let mut conn = db.open();
    fill(&mut conn);
    for (name, indexes, run) in STATEMENTS {
        let read = read(&mut conn, run);
        assert_indexes(name, &read, indexes);
    }
}

/// A step is few of the rows, as it is of a table that has grown.
async fn every_purge_goes_through_an_index(db: Migrated) {
    let mut conn = db.open();
    fill(&mut conn);
    for (what, table, _) in PURGE_TARGETS {
        let read = read(&mut conn, &|conn| {
            let purged = maintenance::purge(conn, *what, moment(), 10);
            assert_eq!(purged, Ok(10), "{table}");
        });
        let by_time = match *table {
            "tasks" => "tasks_purge_idx",
            "projects" => "projects_purge_idx",
            "idempotency_keys" => "idempotency_keys_created_idx",
            "refresh_tokens" => "refresh_tokens_used_idx",
            "sessions" => "sessions_expires_idx",
            "personal_tokens" => "personal_tokens_expires_idx",
            "security_events" => "security_events_created_idx",
            "throttles" => "throttles_ends_idx",
            other => panic!("no such kind: {other}"),
        };
        assert_indexes(table, &read, &[&[by_time]]);
    }
}
