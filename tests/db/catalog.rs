//! What the engines' catalogs say of the tables: the same columns on both, and the right keys.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use task_api::db::DbConn;

use crate::{
    fixtures::{Migrated, texts},
    schema_text,
    support::runner::Engine,
};

crate::cases![
    the_columns_are_those_of_the_schema_file,
    the_keys_lead_with_the_owner,
    both_engines_have_the_same_indexes,
    indexed_text_compares_by_code_points,
    ids_are_given_out_by_the_engine,
    text_has_no_length_of_its_own,
    every_foreign_key_has_an_index,
];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = sql_types::Text)]
    table_name: String,
    #[diesel(sql_type = sql_types::Text)]
    column_name: String,
    #[diesel(sql_type = sql_types::Text)]
    sql_type: String,
    #[diesel(sql_type = sql_types::Bool)]
    nullable: bool,
}

/// Every column but those of Diesel's and the engine's own tables, in the order of the table. The
/// inverted index is the engine's own too: on SQLite a virtual table with others behind it, on
/// PostgreSQL a column that it generates. No statement of Diesel's is about either.
fn columns(conn: &mut DbConn) -> Vec<Column> {
    let sql = match conn {
        DbConn::Sqlite(_) => {
            "SELECT t.name AS table_name, c.name AS column_name, c.type AS sql_type,
                    NOT c.\"notnull\" AS nullable
             FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT IN ('__diesel_schema_migrations', 'sqlite_sequence')
               AND t.name NOT LIKE 'task\\_search%' ESCAPE '\\'
             ORDER BY t.name, c.cid"
        }
        DbConn::Postgres(_) => {
            "SELECT table_name::text, column_name::text, data_type::text AS sql_type,
                    is_nullable = 'YES' AS nullable
             FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations'
               AND is_generated = 'NEVER'
             ORDER BY table_name, ordinal_position"
        }
    };
    sql_query(sql).load(conn).unwrap()
}

impl Column {
    /// As `src/schema.rs` would write it.
    fn diesel_type(&self) -> String {
        let name = match self.sql_type.to_lowercase().as_str() {
            "bigint" => "BigInt",
            // An integer primary key of SQLite holds 64 bits; `diesel.toml` tells Diesel so.
            "integer" if self.column_name == "id" => "BigInt",
            "boolean" => "Bool",
            "smallint" => "SmallInt",
            "text" => "Text",
            "bytea" | "blob" => "Binary",
            "timestamp" | "timestamp without time zone" => "Timestamp",
            other => panic!("{}.{}: {other}", self.table_name, self.column_name),
        };
        if self.nullable {
            format!("Nullable<{name}>")
        } else {
            name.to_owned()
        }
    }
}

/// Both engines are held to the same file, and so to each other.
async fn the_columns_are_those_of_the_schema_file(db: Migrated) {
    let found: Vec<[String; 3]> = columns(&mut db.open())
        .into_iter()
        .map(|column| {
            let diesel_type = column.diesel_type();
            [column.table_name, column.column_name, diesel_type]
        })
        .collect();
    let expected: Vec<[String; 3]> = schema_text::committed()
        .tables
        .into_iter()
        .flat_map(|table| {
            let columns = table.columns.into_iter();
            columns.map(move |(name, diesel_type)| [table.name.clone(), name, diesel_type])
        })
        .collect();
    assert_eq!(expected.len(), 76);
    assert_eq!(found, expected);
}

/// On SQLite, which gives ids out for a key of one column only, a unique index stands in. Counters and the
/// epoch have no owner.
async fn the_keys_lead_with_the_owner(db: Migrated) {
    let mut conn = db.open();
    let (sql, expected) = match db.engine {
        Engine::Postgres => (
            "SELECT c.conrelid::regclass || ' ' || string_agg(a.attname, ' ' ORDER BY k.place) AS text
             FROM pg_constraint c, unnest(c.conkey) WITH ORDINALITY k(number, place), pg_attribute a
             WHERE c.contype = 'p' AND c.connamespace = 'public'::regnamespace
               AND a.attrelid = c.conrelid AND a.attnum = k.number
               AND c.conrelid::regclass::text NOT LIKE '\\_\\_diesel%'
             GROUP BY c.oid, c.conrelid ORDER BY 1",
            vec![
                "epochs id",
                "idempotency_keys user_id key",
                "personal_tokens user_id id",
                "projects user_id id",
                "refresh_tokens user_id hash",
                "security_events user_id id",
                "sessions user_id id",
                "tasks user_id id",
                "throttles bucket",
                "users id",
            ],
        ),
        Engine::Sqlite => (
            "SELECT t.name || ' unique ' || group_concat(c.name, ' ') AS text
             FROM sqlite_schema t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c
             WHERE t.name <> '__diesel_schema_migrations' AND t.name NOT LIKE 'task\\_search%' ESCAPE '\\'
               AND i.\"unique\" AND NOT i.partial
             GROUP BY t.name, i.name
             UNION ALL
             SELECT t.name || ' key ' || group_concat(c.name, ' ')
             FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name <> '__diesel_schema_migrations'
               AND t.name NOT LIKE 'task\\_search%' ESCAPE '\\' AND c.pk > 0 GROUP BY t.name
             ORDER BY 1",
            vec![
                "epochs key id",
                "epochs unique id",
                "idempotency_keys key user_id key",
                "idempotency_keys unique user_id key",
                "personal_tokens key id",
                "personal_tokens unique user_id hash",
                "personal_tokens unique user_id id",
                "projects key id",
                "projects unique user_id id",
                "refresh_tokens key user_id hash",
                "refresh_tokens unique user_id hash",
                "security_events key id",
                "security_events unique user_id id",
                "sessions key id",
                "sessions unique user_id id",
                "tasks key id",
                "tasks unique user_id id",
                "throttles key bucket",
                "throttles unique bucket",
                "users key id",
            ],
        ),
    };
    assert_eq!(texts(&mut conn, sql), expected);
}

/// What both have besides the keys. All lead with the owner but those that a background job reads by, which is
/// about everybody's rows; PostgreSQL's inverted index has the owner in every entry.
async fn both_engines_have_the_same_indexes(db: Migrated) {
    let (sql, own) = match db.engine {
        Engine::Postgres => (
            "SELECT c.relname || ' (' || string_agg(a.attname, ' ' ORDER BY a.attnum) || ')'
                    || CASE WHEN i.indpred IS NULL THEN '' ELSE ' partial' END
                    || CASE WHEN i.indisunique THEN ' unique' ELSE '' END AS text
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
             JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisprimary
               AND i.indrelid NOT IN ('users'::regclass, '__diesel_schema_migrations'::regclass)
             GROUP BY c.relname, i.indpred IS NULL, i.indisunique ORDER BY c.relname COLLATE \"C\"",
            vec![
                "tasks_blocked_by_idx (string_to_array) partial",
                "tasks_search_idx (search) partial",
                "tasks_long_labels_idx (user_id) partial",
            ],
        ),
        Engine::Sqlite => (
            "SELECT i.name || ' (' || group_concat(coalesce(c.name, 'coalesce'), ' ' ORDER BY c.seqno) || ')'
                    || iif(i.partial, ' partial', '') || iif(i.\"unique\", ' unique', '') AS text
             FROM sqlite_schema t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c
             WHERE t.name NOT IN ('users', '__diesel_schema_migrations') AND i.origin <> 'pk'
             GROUP BY i.name ORDER BY i.name",
            vec![
                "personal_tokens_user_id_id_idx (user_id id) unique",
                "projects_user_id_id_idx (user_id id) unique",
                "security_events_user_id_id_idx (user_id id) unique",
                "sessions_user_id_id_idx (user_id id) unique",
                "tasks_user_id_id_idx (user_id id) unique",
            ],
        ),
    };
    let mut expected = vec![
        "idempotency_keys_created_idx (created_at)",
        "personal_tokens_expires_idx (expires_at)",
        "projects_purge_idx (deleted_at) partial",
        "projects_trash_idx (user_id deleted_at id) partial",
        "refresh_tokens_session_idx (user_id session_id)",
        "refresh_tokens_used_idx (used_at) partial",
        "security_events_created_idx (created_at)",
        "sessions_expires_idx (expires_at)",
        "throttles_ends_idx (ends_at)",
        "tasks_completed_idx (user_id completed_at id) partial",
        "tasks_created_idx (user_id created_at id) partial",
        "tasks_deletion_idx (user_id deletion) partial",
        "tasks_due_idx (user_id status due_at id) partial",
        "tasks_external_id_key (user_id external_id) partial unique",
        "tasks_labels_idx (user_id labels) partial",
        "tasks_parent_idx (user_id parent_id id) partial",
        "tasks_position_idx (user_id coalesce id) partial",
        "tasks_priority_due_idx (user_id status priority due_at id) partial",
        "tasks_priority_idx (user_id status priority id) partial",
        "tasks_project_idx (user_id project_id id) partial",
        "tasks_project_position_idx (user_id project_id coalesce id) partial",
        "tasks_purge_idx (deleted_at) partial",
        "tasks_title_idx (user_id title_key id) partial",
        "tasks_trash_idx (user_id deleted_at id) partial",
        "tasks_updated_idx (user_id updated_at id) partial",
    ];
    // SQLite names the index of a UNIQUE in a table by itself.
    expected.push(match db.engine {
        Engine::Postgres => "personal_tokens_hash_key (user_id hash) unique",
        Engine::Sqlite => "sqlite_autoindex_personal_tokens_1 (user_id hash) unique",
    });
    expected.extend(own);
    expected.sort_unstable();
    assert_eq!(texts(&mut db.open(), sql), expected);
}

/// Another collation's order may change with the operating system, under indexes that then miss what is there. Diesel's
/// own table holds digits, which no collation disputes.
async fn indexed_text_compares_by_code_points(db: Migrated) {
    let (all, otherwise) = match db.engine {
        Engine::Postgres => {
            const FROM: &str = "FROM pg_index i, unnest(i.indcollation) WITH ORDINALITY k(oid, place)
                JOIN pg_collation c ON c.oid = k.oid
                WHERE (SELECT relnamespace FROM pg_class WHERE oid = i.indrelid) = 'public'::regnamespace
                  AND i.indrelid::regclass::text <> '__diesel_schema_migrations'";
            (
                format!("SELECT indexrelid::regclass || ' ' || place AS text {FROM}"),
                format!(
                    "SELECT indexrelid::regclass || ' ' || collname AS text {FROM} AND collname <> 'C'"
                ),
            )
        }
        Engine::Sqlite => {
            const FROM: &str = "FROM sqlite_schema i, pragma_index_xinfo(i.name) k
                WHERE i.type = 'index'";
            (
                format!("SELECT i.name || ' ' || seqno AS text {FROM}"),
                format!("SELECT i.name || ' ' || k.coll AS text {FROM} AND k.coll <> 'BINARY'"),
            )
        }
    };
    let mut conn = db.open();
    assert!(texts(&mut conn, &all).len() > 5);
    assert_eq!(texts(&mut conn, &otherwise), [""; 0]);
}

async fn ids_are_given_out_by_the_engine(db: Migrated) {
    let sql = match db.engine {
        Engine::Postgres => {
            "SELECT table_name || '.' || column_name AS text FROM information_schema.columns
             WHERE table_schema = 'public' AND is_identity = 'YES' ORDER BY 1"
        }
        Engine::Sqlite => {
            "SELECT name || '.id' AS text FROM sqlite_schema
             WHERE sql LIKE '%id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL%' ORDER BY 1"
        }
    };
    let expected = [
        "personal_tokens",
        "projects",
        "security_events",
        "sessions",
        "tasks",
        "users",
    ];
    assert_eq!(
        texts(&mut db.open(), sql),
        expected.map(|table| format!("{table}.id"))
    );
}

/// A `varchar(n)` would count by the engine's rule and refuse by the engine's message.
async fn text_has_no_length_of_its_own(db: Migrated) {
    let text: Vec<String> = columns(&mut db.open())
        .into_iter()
        .filter(|column| column.sql_type.eq_ignore_ascii_case("text"))
        .map(|column| format!("{}.{}", column.table_name, column.column_name))
        .collect();
    let expected = [
        "idempotency_keys.key",
        "idempotency_keys.headers",
        "idempotency_keys.body",
        "personal_tokens.name",
        "personal_tokens.scopes",
        "projects.name",
        "projects.description",
        "projects.color",
        "projects.position",
        "security_events.kind",
        "security_events.ip",
        "security_events.request_id",
        "sessions.ip",
        "sessions.user_agent",
        "tasks.title",
        "tasks.description",
        "tasks.status",
        "tasks.labels",
        "tasks.external_id",
        "tasks.title_key",
        "tasks.words",
        "tasks.blocked_by",
        "tasks.position",
        "tasks.deletion",
        "users.email",
        "users.password_hash",
    ];
    assert_eq!(text, expected);
}

/// Without one, deleting a user reads every task of every user. The audit trail outlives its users, so
/// that it has no foreign key.
async fn every_foreign_key_has_an_index(db: Migrated) {
    // Each foreign key's columns, and whether an index begins with them.
    let sql = match db.engine {
        Engine::Postgres => {
            "SELECT f.conrelid::regclass || ' (' || (
                 SELECT string_agg(a.attname, ' ' ORDER BY k.place)
                 FROM unnest(f.conkey) WITH ORDINALITY k(number, place)
                 JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number
             ) || ') ' || EXISTS (
                 SELECT FROM pg_index i WHERE i.indrelid = f.conrelid AND i.indpred IS NULL
                   AND (i.indkey::smallint[])[0:cardinality(f.conkey) - 1] = f.conkey) AS text
             FROM pg_constraint f
             WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace ORDER BY 1"
        }
        Engine::Sqlite => {
            "WITH keys AS (
                 SELECT t.name AS name, count(*) AS count,
                        group_concat(f.\"from\", ' ' ORDER BY f.seq) AS columns
                 FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f
                 WHERE t.type = 'table' GROUP BY t.name, f.id)
             SELECT k.name || ' (' || k.columns || ') ' || iif(EXISTS (
                 SELECT 1 FROM pragma_index_list(k.name) i WHERE NOT i.partial AND k.columns = (
                     SELECT group_concat(c.name, ' ' ORDER BY c.seqno)
                     FROM pragma_index_info(i.name) c WHERE c.seqno < k.count)),
                 'true', 'false') AS text
             FROM keys k ORDER BY 1"
        }
    };
    let found = texts(&mut db.open(), sql);
    let expected = [
        "idempotency_keys (user_id) true",
        "personal_tokens (user_id) true",
        "projects (user_id) true",
        "refresh_tokens (user_id session_id) true",
        "sessions (user_id) true",
        "tasks (user_id) true",
    ];
    assert_eq!(found, expected);
}
