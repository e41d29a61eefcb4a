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

/// Every column but those of Diesel's and the engine's own tables, in the order of the table.
fn columns(conn: &mut DbConn) -> Vec<Column> {
    let sql = match conn {
        DbConn::Sqlite(_) => {
            "SELECT t.name AS table_name, c.name AS column_name, c.type AS sql_type,
                    NOT c.\"notnull\" AS nullable
             FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT IN ('__diesel_schema_migrations', 'sqlite_sequence')
             ORDER BY t.name, c.cid"
        }
        DbConn::Postgres(_) => {
            "SELECT table_name::text, column_name::text, data_type::text AS sql_type,
                    is_nullable = 'YES' AS nullable
             FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations'
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
            "smallint" => "SmallInt",
            "text" => "Text",
            "timestamp" | "timestamp without time zone" => "Timestamp",
            other => panic!("{}.{}: {other}", self.table_name, self.column_name),
        };
        match self.nullable {
            true => format!("Nullable<{name}>"),
            false => name.to_owned(),
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
    assert_eq!(expected.len(), 15);
    assert_eq!(found, expected);
}

/// On SQLite, which gives ids out for a key of one column only, a unique index stands in.
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
            vec!["tasks user_id id", "users id"],
        ),
        Engine::Sqlite => (
            "SELECT t.name || ' ' || i.\"unique\" || ' ' || group_concat(c.name, ' ') AS text
             FROM sqlite_schema t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c
             WHERE t.name = 'tasks' GROUP BY t.name, i.name
             UNION ALL
             SELECT t.name || ' key ' || group_concat(c.name, ' ')
             FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.name IN ('tasks', 'users') AND c.pk > 0 GROUP BY t.name
             ORDER BY 1",
            vec!["tasks 1 user_id id", "tasks key id", "users key id"],
        ),
    };
    assert_eq!(texts(&mut conn, sql), expected);
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
    assert_eq!(texts(&mut db.open(), sql), ["tasks.id", "users.id"]);
}

/// A `varchar(n)` would count by the engine's rule and refuse by the engine's message.
async fn text_has_no_length_of_its_own(db: Migrated) {
    let text: Vec<String> = columns(&mut db.open())
        .into_iter()
        .filter(|column| column.sql_type.eq_ignore_ascii_case("text"))
        .map(|column| format!("{}.{}", column.table_name, column.column_name))
        .collect();
    let expected = [
        "tasks.title",
        "tasks.description",
        "tasks.status",
        "users.email",
        "users.password_hash",
    ];
    assert_eq!(text, expected);
}

/// Without one, deleting a user reads every task of every user.
async fn every_foreign_key_has_an_index(db: Migrated) {
    // Each foreign key's columns, and whether an index begins with them.
    let sql = match db.engine {
        Engine::Postgres => {
            "SELECT f.conrelid::regclass || ' ' || f.conname || ' ' || EXISTS (
                 SELECT FROM pg_index i WHERE i.indrelid = f.conrelid
                   AND (i.indkey::smallint[])[0:cardinality(f.conkey) - 1] = f.conkey) AS text
             FROM pg_constraint f
             WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace ORDER BY 1"
        }
        Engine::Sqlite => {
            "SELECT t.name || ' ' || t.name || '_' || f.\"from\" || '_fkey '
                    || iif(EXISTS (
                 SELECT 1 FROM pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c
                 WHERE c.seqno = f.seq AND c.name = f.\"from\"), 'true', 'false') AS text
             FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f
             WHERE t.type = 'table' ORDER BY 1"
        }
    };
    let found = texts(&mut db.open(), sql);
    assert_eq!(found, ["tasks tasks_user_id_fkey true"]);
}
