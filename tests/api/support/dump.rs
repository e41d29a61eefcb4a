//! All that a database holds, as text, whatever its tables are.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};

use super::database::TestDatabase;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = sql_types::Text)]
    line: String,
}

/// The answers to `SELECT … AS line …`.
pub fn lines(database: &TestDatabase, sql: &str) -> Vec<String> {
    let rows: Vec<Line> = sql_query(sql).load(&mut database.connect()).expect(sql);
    rows.into_iter().map(|row| row.line).collect()
}

/// The names of all tables, those included in which SQLite keeps an index.
pub fn tables(database: &TestDatabase) -> Vec<String> {
    lines(
        database,
        match database {
            TestDatabase::Sqlite { .. } => {
                "SELECT name AS line FROM sqlite_master WHERE type = 'table'"
            }
            TestDatabase::Postgres { .. } => {
                "SELECT table_name::text AS line FROM information_schema.tables
             WHERE table_schema = 'public'"
            }
        },
    )
}

/// Every column of every row of a table. What is no text stands there in hexadecimal digits.
pub fn table(database: &TestDatabase, name: &str) -> String {
    let sql = match database {
        TestDatabase::Sqlite { .. } => {
            let sql = format!("SELECT name AS line FROM pragma_table_info('{name}')");
            let columns = lines(database, &sql);
            let quoted: Vec<String> = columns.iter().map(|c| format!("quote(\"{c}\")")).collect();
            format!(
                "SELECT {} AS line FROM \"{name}\"",
                quoted.join(" || ' ' || ")
            )
        }
        TestDatabase::Postgres { .. } => {
            format!("SELECT row_to_json(t)::text AS line FROM \"{name}\" t")
        }
    };
    lines(database, &sql).join("\n").to_lowercase()
}

/// The bytes of SQLite's files; none where there are no files.
pub fn files(database: &TestDatabase) -> Vec<u8> {
    let TestDatabase::Sqlite { folder } = database else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(folder.path()).expect("the database's folder");
    entries
        .flat_map(|entry| std::fs::read(entry.unwrap().path()).expect("a file"))
        .collect()
}
