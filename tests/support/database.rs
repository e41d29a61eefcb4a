//! A database for one test, gone when the test is over.

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection, sql_query, sql_types::BigInt,
};
use task_api::db::DbConn;
use tempfile::TempDir;

use super::runner::Engine;

pub enum TestDatabase {
    Sqlite { folder: TempDir },
    Postgres { name: String },
}

/// Where the tests find PostgreSQL: a server on which they may create databases.
pub fn postgres_url() -> Option<String> {
    std::env::var("TEST_POSTGRES_URL")
        .ok()
        .filter(|url| !url.is_empty())
}

impl TestDatabase {
    pub fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite {
                folder: tempfile::tempdir().expect("a folder for the database"),
            },
            Engine::Postgres => {
                let name = format!("test_{}", uuid::Uuid::new_v4().simple());
                server(&format!("CREATE DATABASE {name}"));
                Self::Postgres { name }
            }
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite://{}/tasks.db", folder.path().display()),
            Self::Postgres { name } => {
                let server = postgres_url().expect("TEST_POSTGRES_URL");
                let (base, parameters) = match server.split_once('?') {
                    Some((base, parameters)) => (base, format!("?{parameters}")),
                    None => (server.as_str(), String::new()),
                };
                let (host, _) = base.rsplit_once('/').expect("a URL with a database");
                format!("{host}/{name}{parameters}")
            }
        }
    }

    /// The database's name on the PostgreSQL server.
    pub fn name(&self) -> &str {
        match self {
            Self::Postgres { name } => name,
            Self::Sqlite { .. } => panic!("a file has no name on a server"),
        }
    }

    /// A connection beside the service's own.
    pub fn connect(&self) -> DbConn {
        let url = self.url();
        match self {
            Self::Sqlite { .. } => {
                let mut conn = SqliteConnection::establish(&url).unwrap();
                // The service may be writing, by itself too.
                conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
                DbConn::Sqlite(conn)
            }
            Self::Postgres { .. } => DbConn::Postgres(PgConnection::establish(&url).unwrap()),
        }
    }

    /// How many rows `FROM …` has.
    pub fn count(&self, from: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) AS count {from}");
        let row: Count = sql_query(sql).get_result(&mut self.connect()).expect(from);
        row.count
    }

    /// Runs SQL behind the service's back.
    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).expect(sql);
    }
}

/// The answer to `SELECT COUNT(*) AS count …`.
#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Runs SQL on the server, outside any test's database.
pub fn server(sql: &str) {
    let url = postgres_url().expect("TEST_POSTGRES_URL");
    let mut conn = PgConnection::establish(&url).expect("the PostgreSQL of TEST_POSTGRES_URL");
    conn.batch_execute(sql).expect(sql);
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Self::Postgres { name } = self {
            server(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}
