//! Databases, connections and rows for the cases.

use std::time::Duration;

use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_query, sql_types};
use task_api::{
    config::settings::DatabaseSettings,
    db::{
        DbConn,
        manager::{Access, Manager},
        migrations,
    },
    models::{
        filter::TaskFilter,
        label::{LabelName, Labels},
        sort::Sort,
        task::{Change, NewTask, Task, TaskDraft, TaskState},
        time::UtcTime,
        user::{NewUser, User},
    },
    repositories::{
        list::page::{self, Listing},
        tasks, users,
    },
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
        queue: 1000,
        run_migrations: false,
        prepared_statements: true,
        slow: None,
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
        labels: Labels::default(),
        external_id: None,
        project_id: None,
        parent_id: None,
        blocked_by: Vec::new(),
    };
    NewTask::new(draft, owner.id, UtcTime::now())
}

/// The task as it is stored.
pub fn store(conn: &mut DbConn, task: NewTask) -> Task {
    insert(conn, task).unwrap()
}

/// The same where it may fail.
pub fn insert(conn: &mut DbConn, task: NewTask) -> QueryResult<Task> {
    tasks::insert(conn, &task)
}

/// Writes `after` in the place of `before`, and returns it.
pub fn change(conn: &mut DbConn, before: &Task, after: Task) -> Task {
    assert!(save(conn, before, &after).unwrap());
    after
}

/// The same where it may fail, or find another version.
pub fn save(conn: &mut DbConn, before: &Task, after: &Task) -> QueryResult<bool> {
    tasks::save(conn, &Change { before, after })
}

/// The owner's task outside the trash.
pub fn live(conn: &mut DbConn, user_id: i64, id: i64) -> Option<Task> {
    in_state(conn, user_id, id, TaskState::Live)
}

/// The owner's task in the trash.
pub fn trashed(conn: &mut DbConn, user_id: i64, id: i64) -> Option<Task> {
    in_state(conn, user_id, id, TaskState::Trashed)
}

fn in_state(conn: &mut DbConn, user_id: i64, id: i64, state: TaskState) -> Option<Task> {
    let found = tasks::find(conn, user_id, id).unwrap();
    found.filter(|task| task.state() == state)
}

/// A label's name.
pub fn label(text: &str) -> LabelName {
    text.parse().unwrap()
}

/// A task with labels that is not stored yet.
pub fn labelled(owner: &User, title: &str, labels: &[&str]) -> NewTask {
    NewTask {
        labels: labels.iter().map(|name| label(name)).collect(),
        ..task(owner, title)
    }
}

/// The tasks that a search finds.
pub fn found(query: &str) -> TaskFilter {
    TaskFilter {
        search: Some(query.parse().unwrap()),
        ..TaskFilter::default()
    }
}

/// The tasks with a label.
pub fn with_label(name: &str) -> TaskFilter {
    TaskFilter {
        labels: vec![label(name)],
        ..TaskFilter::default()
    }
}

/// The owner's tasks outside the trash that the filter leaves, newest first.
pub fn list(conn: &mut DbConn, owner: &User, filter: &TaskFilter) -> Vec<Task> {
    sorted(conn, owner, filter, &Sort::default())
}

/// The same in another order.
pub fn sorted(conn: &mut DbConn, owner: &User, filter: &TaskFilter, sort: &Sort) -> Vec<Task> {
    let listing = Listing {
        owner: owner.id,
        filter,
        sort,
        now: UtcTime::now(),
    };
    page::page(conn, &listing, None, 1000).unwrap()
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
