//! PostgreSQL gone for a while.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::json;
use tempfile::tempdir;

use crate::{
    cases,
    support::{
        app::{SECRET, TestApp},
        client::Client,
        database::{self, TestDatabase},
        dump,
        process::{self, Process},
        runner::Engine,
    },
};

cases![
    on Postgres;
    a_database_that_is_gone_is_503_and_heals_by_itself,
    a_database_that_comes_up_late_is_waited_for,
    a_lock_that_others_hold_is_not_waited_for_longer_than_the_caller_waits,
    a_time_out_keeps_its_connection,
];

async fn a_database_that_is_gone_is_503_and_heals_by_itself(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_DATABASE__TIMEOUT_MS", "1000")]);
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let name = app.database.name();
    let gone = [
        format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"),
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
    ];
    gone.iter().for_each(|sql| database::server(sql));
    for _ in 0..6 {
        let started = Instant::now();
        let answer = ann.get("/tasks").await;
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
        assert_eq!(answer.header("retry-after"), Some("1"));
        answer.problem(503, "unavailable");
    }
    app.anonymous()
        .get("/health/ready")
        .await
        .problem(503, "unavailable");
    app.anonymous().get("/health/live").await.expect(200);
    database::server(&format!(
        "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"
    ));
    let deadline = Instant::now() + Duration::from_secs(20);
    while ann.get("/tasks").await.status != 200 {
        assert!(Instant::now() < deadline, "the service did not heal");
    }
    for _ in 0..20 {
        assert_eq!(ann.get("/tasks").await.expect(200).json(), json!([task]));
    }
    ann.task("after").await;
}

async fn a_database_that_comes_up_late_is_waited_for(engine: Engine) {
    let database = TestDatabase::create(engine);
    let name = database.name();
    database::server(&format!("DROP DATABASE {name}"));
    let folder = tempdir().unwrap();
    let url = database.url();
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("APP_SERVER__PORT", "0"),
        ("APP_AUTH__JWT_SECRETS", SECRET),
    ];
    let mut service = Process::spawn(process::command(folder.path(), &settings));
    service.wait_for("the database cannot be reached, giving up in");
    database::server(&format!("CREATE DATABASE {name}"));
    service.wait_until_it_listens();
    let client = Client::new(&service.base);
    client.get("/health/ready").await.expect(200);
}

async fn a_lock_that_others_hold_is_not_waited_for_longer_than_the_caller_waits(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_DATABASE__TIMEOUT_MS", "1000")]);
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let task = ann.task("T").await;
    let mut other = app.database.connect();
    other
        .batch_execute("BEGIN; LOCK TABLE tasks IN SHARE MODE")
        .unwrap();
    let path = format!("/tasks/{}", task["id"]);
    let refused = ann.patch(&path, &json!({ "title": "U" })).await;
    refused.problem(503, "unavailable");
    bob.get("/tasks").await.expect(200);
    let waits =
        "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let deadline = Instant::now() + Duration::from_secs(5);
    while app.database.count(waits) > 0 {
        assert!(Instant::now() < deadline, "the connection still waits");
    }
    other.batch_execute("COMMIT").unwrap();
    ann.patch(&path, &json!({ "title": "U" })).await.expect(200);
}

/// Each costs the server a process and a login, when it can least afford them.
async fn a_time_out_keeps_its_connection(engine: Engine) {
    let settings = [
        ("APP_DATABASE__TIMEOUT_MS", "1000"),
        ("APP_DATABASE__POOL_SIZE", "2"),
    ];
    let app = TestApp::start(engine, &settings);
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let connections = || {
        let sql = "SELECT pid::text AS line FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'task-api' ORDER BY pid";
        dump::lines(&app.database, sql)
    };
    while connections().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = connections();
    let mut other = app.database.connect();
    other
        .batch_execute("BEGIN; LOCK TABLE tasks IN SHARE MODE")
        .unwrap();
    let path = format!("/tasks/{}", task["id"]);
    for _ in 0..3 {
        let refused = ann.patch(&path, &json!({ "title": "U" })).await;
        refused.problem(503, "unavailable");
    }
    other.batch_execute("COMMIT").unwrap();
    ann.patch(&path, &json!({ "title": "U" })).await.expect(200);
    assert_eq!(connections(), before);
}
