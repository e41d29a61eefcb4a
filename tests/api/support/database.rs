//! A database for one test, gone when the test is over.

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};
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

    /// A connection beside the service's own.
    pub fn connect(&self) -> DbConn {
        let url = self.url();
        match self {
            Self::Sqlite { .. } => DbConn::Sqlite(SqliteConnection::establish(&url).unwrap()),
            Self::Postgres { .. } => DbConn::Postgres(PgConnection::establish(&url).unwrap()),
        }
    }

    /// Runs SQL behind the service's back.
    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).expect(sql);
    }
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
