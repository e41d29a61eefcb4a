//! Background work on one PostgreSQL: one replica does it, and another one takes over when that is gone.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use reqwest::Method;
use serde_json::json;
use tempfile::tempdir;

use crate::{
    cases,
    support::{
        app::SECRET,
        client::Client,
        database::{self, TestDatabase},
        dump,
        process::Process,
        runner::Engine,
    },
};

cases![
    on Postgres;
    one_replica_does_the_jobs_and_another_takes_over,
];

const SECONDS: Duration = Duration::from_secs(1);

/// What is purged first is the trash; then come the answers under keys.
const TRASH: &str = "FROM tasks WHERE deleted_at IS NOT NULL";
const KEYS: &str = "FROM idempotency_keys";

async fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + 30 * SECONDS;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The sessions of the server that wait for the table of keys.
fn waiting(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT pid::text AS line FROM pg_locks WHERE NOT granted
        AND relation = 'idempotency_keys'::regclass";
    dump::lines(database, sql)
}

/// A replica that purges every second. It does not migrate: that would look at each task first.
fn start(url: &str) -> (Process, tempfile::TempDir) {
    let folder = tempdir().unwrap();
    let variables = [
        ("DATABASE_URL", url),
        ("APP_SERVER__PORT", "0"),
        ("APP_AUTH__BCRYPT_COST", "4"),
        ("APP_AUTH__JWT_SECRETS", SECRET),
        ("APP_DATABASE__RUN_MIGRATIONS", "false"),
        // A job that waits for a lock goes on waiting.
        ("APP_DATABASE__TIMEOUT_MS", "600000"),
        ("APP_TASKS__PURGE_SECONDS", "1"),
        ("APP_TASKS__TRASH_DAYS", "1"),
    ];
    (Process::start(folder.path(), &variables), folder)
}

/// A migrated database with an old answer under a key, and with a task in the trash, not yet an old one.
async fn filled(engine: Engine) -> TestDatabase {
    let database = TestDatabase::create(engine);
    let folder = tempdir().unwrap();
    let url = database.url();
    let variables = [
        ("DATABASE_URL", &*url),
        ("APP_SERVER__PORT", "0"),
        ("APP_AUTH__BCRYPT_COST", "4"),
        ("APP_AUTH__JWT_SECRETS", SECRET),
    ];
    let service = Process::start(folder.path(), &variables);
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let headers = [("idempotency-key", "k")];
    let body = json!({ "title": "T" });
    let answer = ann
        .call(Method::POST, "/tasks", &headers, Some(&body))
        .await;
    let task = answer.expect(201).json();
    let path = format!("/tasks/{}", task["id"]);
    ann.delete(&path).await.expect(204);
    drop(service);
    database.execute("UPDATE idempotency_keys SET created_at = '2020-01-01'");
    database
}

async fn one_replica_does_the_jobs_and_another_takes_over(engine: Engine) {
    let database = filled(engine).await;
    let url = database.url();
    let mut holder = database.connect();
    holder
        .batch_execute("BEGIN; LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    // The first one's purge gets as far as the keys, and there it waits.
    let (mut first, _first_folder) = start(&url);
    until("no replica purges", || !waiting(&database).is_empty()).await;
    let at_work = waiting(&database).remove(0);
    let locks =
        format!("FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = {at_work}");
    assert_eq!(database.count(&locks), 1, "it keeps the others out");
    // The trash is the next thing to purge, but for the replica that is kept out: in three rounds of the other.
    database.execute("UPDATE tasks SET deleted_at = '2020-01-01'");
    let (_second, _second_folder) = start(&url);
    let until_then = Instant::now() + 3 * SECONDS;
    while Instant::now() < until_then {
        assert_eq!(database.count(TRASH), 1, "two are at it at once");
        assert_eq!(
            waiting(&database),
            [at_work.as_str()],
            "two are at it at once"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    first.kill();
    // Nothing tells its session on the server, which waits for the table, as that of a vanished machine does.
    database::server(&format!("SELECT pg_terminate_backend({at_work})"));
    until("no replica takes over", || database.count(TRASH) == 0).await;
    holder.batch_execute("ROLLBACK").unwrap();
    until("the keys are left", || database.count(KEYS) == 0).await;
}
