//! What a PostgreSQL that spreads its tables by owner (Citus) asks of the schema, as far as a plain one
//! can tell: `docs/scaling.md` builds on it.

use std::{fs, path::Path};

use diesel::connection::SimpleConnection;
use task_api::db::DbConn;

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
    assert_eq!(before.len(), 5);
    execute(&mut conn, CITUS);
    execute(&mut conn, &statements());
    assert_eq!(texts(&mut conn, FOREIGN_KEYS), before);

    let calls = texts(&mut conn, "SELECT call AS text FROM calls ORDER BY number");
    let (first, rest) = calls.split_first().expect("calls");
    assert_eq!(first, "reference users");
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

fn execute(conn: &mut DbConn, sql: &str) {
    let outcome = match conn {
        DbConn::Postgres(conn) => conn.batch_execute(sql),
        DbConn::Sqlite(conn) => conn.batch_execute(sql),
    };
    outcome.expect(sql);
}

/// The block of the document.
fn statements() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scaling.md");
    let text = fs::read_to_string(path).expect("docs/scaling.md");
    let (_, rest) = text
        .split_once("```sql\n-- distribute\n")
        .expect("the statements");
    rest.split_once("```").expect("their end").0.to_owned()
}
