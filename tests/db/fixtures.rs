//! Databases, connections and rows for the cases.

use std::time::Duration;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use task_api::{
    config::settings::DatabaseSettings,
    db::{
        DbConn,
        manager::{Access, Manager},
        migrations,
    },
    models::{
        task::{NewTask, TaskDraft},
        time::UtcTime,
        user::{NewUser, User},
    },
    repositories::users,
};

use crate::support::{
    database::TestDatabase,
    runner::{Engine, FromEngine},
};

/// Longer than anything takes, so that only what a case holds up is ever late.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A stand-in of the length that a bcrypt hash has.
pub const HASH: &str = "$2b$04$0123456789012345678901234567890123456789012345678901.";

/// A database of the case's own, with every migration applied.
pub struct Migrated {
    pub engine: Engine,
    pub database: TestDatabase,
}

impl FromEngine for Migrated {
    async fn from_engine(engine: Engine) -> Self {
        let database = TestDatabase::create(engine);
        migrations::run_pending(&mut open(&database)).expect("the migrations");
        Self { engine, database }
    }
}

impl Migrated {
    pub fn open(&self) -> DbConn {
        open(&self.database)
    }
}

pub fn settings(database: &TestDatabase, pool_size: u32, timeout: Duration) -> DatabaseSettings {
    DatabaseSettings {
        url: database.url().parse().expect("the URL of a test"),
        connect: Duration::ZERO,
        pool_size,
        timeout,
        run_migrations: false,
    }
}

/// A connection as the service opens it, which may write.
pub fn open(database: &TestDatabase) -> DbConn {
    let settings = settings(database, 1, PATIENCE);
    Manager::new(&settings, Access::Write).open().unwrap()
}

pub fn time(text: &str) -> UtcTime {
    text.parse().unwrap()
}

/// A user called `NAME@example.com`.
pub fn user(conn: &mut DbConn, name: &str) -> User {
    let email = format!("{name}@example.com");
    let user = NewUser {
        email: &email,
        password_hash: HASH,
        created_at: UtcTime::now(),
    };
    users::insert(conn, &user).unwrap()
}

/// A task that is not stored yet.
pub fn task(owner: &User, title: &str) -> NewTask {
    let draft = TaskDraft {
        title: title.parse().unwrap(),
        description: None,
        status: Default::default(),
        priority: Default::default(),
        due_at: None,
    };
    draft.into_row(owner.id, UtcTime::now())
}

/// What `sql` selects as `number`, from one row.
pub fn number(conn: &mut DbConn, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::BigInt)]
        number: i64,
    }
    sql_query(sql).get_result::<Row>(conn).expect(sql).number
}

/// What `sql` selects as `text`, from every row.
pub fn texts(conn: &mut DbConn, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Text)]
        text: String,
    }
    let rows: Vec<Row> = sql_query(sql).load(conn).expect(sql);
    rows.into_iter().map(|row| row.text).collect()
}
