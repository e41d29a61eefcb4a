//! What a PostgreSQL that spreads its tables by owner (Citus) asks of the schema, as far as a plain one
//! can tell: `docs/scaling.md` builds on it.

use std::{fs, path::Path, time::Duration};

use diesel::connection::SimpleConnection;
use task_api::{db::DbConn, models::time::UtcTime, services::maintenance::Job};

use crate::{
    fixtures::{Migrated, texts},
    owners::tables::OWNED,
};

crate::cases![
    on Postgres;
    every_unique_key_of_an_owned_table_has_its_owner,
    every_foreign_key_of_an_owned_table_has_its_owner,
    no_table_has_a_trigger_or_a_rule,
    the_statements_that_distribute_the_tables_run,
    the_statements_that_purge_leave_what_the_jobs_leave,
];

/// Primary keys, unique constraints and unique indexes: a node can only see to those whose rows are all
/// its own.
async fn every_unique_key_of_an_owned_table_has_its_owner(db: Migrated) {
    let sql = "SELECT i.indexrelid::regclass || ' ' || EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = 'user_id'
              AND a.attnum = ANY (i.indkey)) AS text
        FROM pg_index i
        WHERE i.indisunique AND EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = 'user_id')
        ORDER BY 1";
    let expected = [
        "idempotency_keys_pkey true",
        "personal_tokens_hash_key true",
        "personal_tokens_pkey true",
        "projects_pkey true",
        "refresh_tokens_pkey true",
        "security_events_pkey true",
        "sessions_pkey true",
        "tasks_external_id_key true",
        "tasks_pkey true",
    ];
    assert_eq!(texts(&mut db.open(), sql), expected);
}

/// Each leads to `users`, which every node has, or from an owner's row to one of the same owner.
async fn every_foreign_key_of_an_owned_table_has_its_owner(db: Migrated) {
    let expected = [
        "idempotency_keys (user_id) -> users (id)",
        "personal_tokens (user_id) -> users (id)",
        "projects (user_id) -> users (id)",
        "refresh_tokens (user_id, session_id) -> sessions (user_id, id)",
        "sessions (user_id) -> users (id)",
        "tasks (user_id) -> users (id)",
    ];
    let found = texts(&mut db.open(), FOREIGN_KEYS);
    let found: Vec<&str> = found
        .iter()
        .filter_map(|key| key.split_once(": "))
        .map(|(_, key)| key)
        .collect();
    let expected = expected.map(|key| format!("{key} ON DELETE CASCADE"));
    assert_eq!(found, expected);
}

/// The names of the foreign keys, and what they say.
const FOREIGN_KEYS: &str = "SELECT conname || ': ' || conrelid::regclass
        || regexp_replace(pg_get_constraintdef(oid), 'FOREIGN KEY (.*) REFERENCES (\\w+)', ' \\1 -> \\2 ') AS text
    FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
    ORDER BY conrelid::regclass::text, 1";

async fn no_table_has_a_trigger_or_a_rule(db: Migrated) {
    let sql = "SELECT tgname::text AS text FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT rulename::text FROM pg_rules WHERE schemaname = 'public'";
    assert_eq!(texts(&mut db.open(), sql), [""; 0]);
}

/// Stand-ins for what Citus has, which note what they are called with.
const CITUS: &str = "
    CREATE TABLE calls (number SERIAL, call TEXT);
    CREATE FUNCTION create_reference_table(t TEXT) RETURNS VOID LANGUAGE sql AS
        $$ INSERT INTO calls (call) SELECT 'reference ' || t::regclass $$;
    CREATE FUNCTION create_distributed_table(t TEXT, c TEXT, colocate_with TEXT DEFAULT '') RETURNS VOID
        LANGUAGE sql AS
        $$ INSERT INTO calls (call) SELECT t::regclass || ' by ' || c || ' with ' || colocate_with $$;";

/// The statements of the document, on a database with stand-ins for Citus's functions: they name each
/// table once, and leave the constraints as they were.
async fn the_statements_that_distribute_the_tables_run(db: Migrated) {
    let mut conn = db.open();
    let before = texts(&mut conn, FOREIGN_KEYS);
    assert_eq!(before.len(), 6);
    execute(&mut conn, CITUS);
    execute(&mut conn, &statements("distribute"));
    assert_eq!(texts(&mut conn, FOREIGN_KEYS), before);

    let calls = texts(&mut conn, "SELECT call AS text FROM calls ORDER BY number");
    let (references, rest) = calls.split_at(2);
    assert_eq!(references, ["reference users", "reference epochs"]);
    let mut found: Vec<&str> = rest
        .iter()
        .map(|call| call.split(' ').next().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(found, OWNED);
    for (number, call) in rest.iter().enumerate() {
        let (with, _) = rest[0].split_once(' ').unwrap();
        let with = if number == 0 { "" } else { with };
        assert!(
            call.ends_with(&format!(" by user_id with {with}")),
            "{call}"
        );
    }
    let validated = "SELECT count(*)::text AS text FROM pg_constraint WHERE NOT convalidated";
    assert_eq!(texts(&mut conn, validated), ["0"]);
}

/// Rows on either side of when a job takes them by the default settings, called `old` and `new`.
const ROWS: &str = "
    INSERT INTO users (id, email, password_hash, created_at) VALUES (7, 'ann', repeat('x', 60), now());
    INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at, ip) VALUES
        (1, 7, now(), now(), {now} - interval '30 days 1 minute', 'old'),
        (2, 7, now(), now(), {now} - interval '29 days', 'new');
    INSERT INTO refresh_tokens (user_id, hash, session_id, used_at, child_hash) VALUES
        (7, {hash 1}, 1, NULL, NULL), (7, {hash 2}, 2, NULL, NULL),
        (7, {hash 3}, 2, {now} - interval '90 days 1 minute', {hash 2}),
        (7, {hash 4}, 2, {now} - interval '89 days', {hash 2});
    INSERT INTO tasks (user_id, title, created_at, updated_at, deleted_at) VALUES
        (7, 'old', now(), now(), {now} - interval '30 days 1 minute'),
        (7, 'new', now(), now(), {now} - interval '29 days'), (7, 'live', now(), now(), NULL);
    INSERT INTO projects (user_id, name, created_at, updated_at, deleted_at) VALUES
        (7, 'old', now(), now(), {now} - interval '30 days 1 minute'),
        (7, 'new', now(), now(), {now} - interval '29 days'), (7, 'live', now(), now(), NULL);
    INSERT INTO idempotency_keys (user_id, key, fingerprint, status, headers, created_at) VALUES
        (7, 'old', {hash 1}, 201, '[]', {now} - interval '24 hours 1 minute'),
        (7, 'new', {hash 1}, 201, '[]', {now} - interval '23 hours');
    INSERT INTO personal_tokens (user_id, hash, name, scopes, expires_at, created_at) VALUES
        (7, {hash 1}, 'old', 'tasks:read', {now} - interval '30 days 1 minute', now()),
        (7, {hash 2}, 'new', 'tasks:read', {now} - interval '29 days', now());
    INSERT INTO security_events (user_id, kind, created_at) VALUES
        (7, 'old', {now} - interval '365 days 1 minute'), (7, 'new', {now} - interval '364 days');";

/// What is left of them.
const LEFT: &str = "
    SELECT 'session ' || ip AS text FROM sessions
    UNION ALL SELECT 'refresh token ' || right(convert_from(hash, 'UTF8'), 1) FROM refresh_tokens
    UNION ALL SELECT 'task ' || title FROM tasks UNION ALL SELECT 'project ' || name FROM projects
    UNION ALL SELECT 'key ' || key FROM idempotency_keys
    UNION ALL SELECT 'token ' || name FROM personal_tokens
    UNION ALL SELECT 'event ' || kind FROM security_events ORDER BY 1";

async fn the_statements_that_purge_leave_what_the_jobs_leave(db: Migrated) {
    let mut conn = db.open();
    let mut rows = ROWS.replace("{now}", "now() AT TIME ZONE 'UTC'");
    for number in 1..=4 {
        let hash = format!("convert_to(lpad('{number}', 32, '0'), 'UTF8')");
        rows = rows.replace(&format!("{{hash {number}}}"), &hash);
    }
    execute(&mut conn, &rows);
    assert_eq!(texts(&mut conn, LEFT).len(), 18);
    let day = Duration::from_secs(24 * 3600);
    for job in [
        Job::PurgeTrash(30 * day),
        Job::PurgeKeys(day),
        Job::PurgeSessions,
        Job::PurgeRefreshTokens,
        Job::PurgePersonalTokens,
        Job::PurgeEvents,
    ] {
        job.step(&mut conn, UtcTime::now()).unwrap();
    }
    let expected = texts(&mut conn, LEFT);
    assert_eq!(
        expected.len(),
        10,
        "one of each, two refresh tokens, and the task and the project outside the trash"
    );

    execute(&mut conn, "DELETE FROM users; DELETE FROM security_events");
    execute(&mut conn, &rows);
    execute(&mut conn, &statements("purge"));
    assert_eq!(texts(&mut conn, LEFT), expected);
}

fn execute(conn: &mut DbConn, sql: &str) {
    let outcome = match conn {
        DbConn::Postgres(conn) => conn.batch_execute(sql),
        DbConn::Sqlite(conn) => conn.batch_execute(sql),
    };
    outcome.expect(sql);
}

/// The block of the document with this name in its first line.
fn statements(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scaling.md");
    let text = fs::read_to_string(path).expect("docs/scaling.md");
    let start = format!("```sql\n-- {name}\n");
    let (_, rest) = text.split_once(&start).expect("the statements");
    rest.split_once("```").expect("their end").0.to_owned()
}
