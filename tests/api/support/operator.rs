//! An operator with a folder: a database in it, the service that can be started on it, the commands.

use std::{
    path::{Path, PathBuf},
    process::Output,
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use tempfile::{TempDir, tempdir};

use super::{
    app::SECRET,
    client::Client,
    database::TestDatabase,
    process::{self, Process},
    runner::{Engine, FromEngine},
};

pub struct Operator {
    pub database: TestDatabase,
    /// Where backups go.
    pub folder: TempDir,
    url: String,
}

impl FromEngine for Operator {
    async fn from_engine(engine: Engine) -> Self {
        Self::new(engine)
    }
}

impl Operator {
    pub fn new(engine: Engine) -> Self {
        let database = TestDatabase::create(engine);
        let url = database.url();
        Self {
            database,
            folder: tempdir().unwrap(),
            url,
        }
    }

    pub fn variables(&self) -> [(&str, &str); 4] {
        [
            ("DATABASE_URL", &self.url),
            ("APP_SERVER__PORT", "0"),
            ("APP_AUTH__BCRYPT_COST", "4"),
            ("APP_AUTH__JWT_SECRETS", SECRET),
        ]
    }

    /// The service on the database.
    pub fn start(&self) -> Process {
        Process::start(self.folder.path(), &self.variables())
    }

    /// The database as the service leaves it, with one user and some tasks; the service has ended.
    pub async fn filled(&self) -> Client {
        let service = self.start();
        let ann = Client::new(&service.base).register_and_log_in("ann").await;
        for number in 0..5 {
            ann.task(&format!("Milk {number}")).await;
        }
        ann
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        process::output(self.folder.path(), arguments, &self.variables())
    }

    /// The output of a command that succeeds.
    #[track_caller]
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that fails prints, and says on its one line of standard error.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
        let said = said.strip_prefix("task-api: ").expect(&said).trim_end();
        (String::from_utf8(output.stdout).unwrap(), said.to_owned())
    }

    /// The file of the database.
    pub fn file(&self) -> PathBuf {
        PathBuf::from(self.url.strip_prefix("sqlite://").expect("a file"))
    }

    /// The names in the folder of backups, hidden ones too, in order.
    pub fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

/// The names in a folder, hidden ones too, in order.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Runs SQL on an SQLite file, whose constraints do not hold meanwhile.
pub fn tamper(file: &Path, sql: &str) {
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    conn.batch_execute("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
        .unwrap();
    conn.batch_execute(sql).expect(sql);
}
