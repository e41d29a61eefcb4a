//! Being told to stop.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::json;
use tempfile::tempdir;

use crate::{
    cases,
    support::{
        client::Client,
        database::TestDatabase,
        process::{self, Process, variables},
        raw::Held,
        runner::Engine,
    },
};

cases![
    a_stop_is_clean,
    what_is_in_flight_is_finished,
    readiness_ends_first_and_requests_are_still_taken_for_a_while,
    a_second_signal_ends_it_at_once,
    a_second_signal_ends_requests_in_flight,
    a_limit_ends_what_does_not_finish,
    a_database_that_hangs_does_not_hold_it_up,
];

async fn a_stop_is_clean(engine: Engine) {
    for signal in ["TERM", "INT"] {
        let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
        let url = database.url();
        let mut service = Process::start(folder.path(), &variables(&url, &[]));
        let ann = Client::new(&service.base).register_and_log_in("ann").await;
        ann.task("T").await;
        // The client keeps an idle connection, which does not hold the stop up.
        let since = Instant::now();
        service.signal(signal);
        assert_eq!(service.wait(), Some(0));
        assert!(
            since.elapsed() < Duration::from_secs(5),
            "{:?}",
            since.elapsed()
        );
        if let Some(path) = url.strip_prefix("sqlite://") {
            let log = std::fs::metadata(format!("{path}-wal"));
            let size = log.map_or(0, |log| log.len());
            assert_eq!(size, 0, "the write-ahead log is in the file");
        } else {
            let from = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'task-api'";
            let deadline = Instant::now() + Duration::from_secs(10);
            // The server takes a moment to notice.
            while database.count(from) > 0 {
                assert!(Instant::now() < deadline, "connections are closed");
            }
        }
    }
}

fn held(service: &Process, token: &str) -> Held {
    let head = format!(
        "POST /tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    );
    Held::begin(
        &service.base,
        &head,
        &json!({ "title": "held" }).to_string(),
    )
}

async fn what_is_in_flight_is_finished(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let mut service = Process::start(folder.path(), &variables(&url, &[]));
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let held = held(&service, ann.token.as_deref().unwrap());
    // The head is there once the next connection is answered.
    ann.get("/tasks").await.expect(200);
    service.signal("TERM");
    service.wait_for("SIGTERM: stopping");
    until_it_refuses(&service).await;
    assert_eq!(held.finish(), "HTTP/1.1 201 Created");
    assert_eq!(service.wait(), Some(0));
    let count = database.count("FROM tasks WHERE title = 'held'");
    assert_eq!(count, 1);
}

/// New connections are not taken any more.
async fn until_it_refuses(service: &Process) {
    let address = service.base.strip_prefix("http://").unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        assert!(Instant::now() < deadline, "it still accepts");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn readiness_ends_first_and_requests_are_still_taken_for_a_while(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let settings = variables(&url, &[("APP_SERVER__DRAIN_SECONDS", "3")]);
    let mut service = Process::start(folder.path(), &settings);
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let before = ann.get("/tasks").await.expect(200);
    assert_eq!(before.header("connection"), None);
    let since = Instant::now();
    service.signal("TERM");
    service.wait_for("SIGTERM: stopping");
    let client = Client::new(&service.base);
    let ready = client.get("/health/ready").await;
    assert_eq!(ready.header("connection"), Some("close"));
    assert_eq!(ready.header("retry-after"), Some("1"));
    ready.problem(503, "unavailable");
    client.get("/health/live").await.expect(200);
    let task = ann
        .post("/tasks", &json!({ "title": "T" }))
        .await
        .expect(201);
    assert_eq!(task.header("connection"), Some("close"));
    assert_eq!(service.wait(), Some(0));
    assert!(
        since.elapsed() >= Duration::from_secs(3),
        "{:?}",
        since.elapsed()
    );
}

async fn a_second_signal_ends_it_at_once(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let settings = variables(&url, &[("APP_SERVER__DRAIN_SECONDS", "3600")]);
    let mut service = Process::start(folder.path(), &settings);
    service.signal("TERM");
    service.wait_for("SIGTERM: stopping");
    service.signal("INT");
    assert_eq!(service.wait(), Some(0));
}

async fn a_second_signal_ends_requests_in_flight(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let mut service = Process::start(folder.path(), &variables(&url, &[]));
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let _held = held(&service, ann.token.as_deref().unwrap());
    ann.get("/tasks").await.expect(200);
    service.signal("TERM");
    until_it_refuses(&service).await;
    let since = Instant::now();
    service.signal("TERM");
    assert_eq!(service.wait(), Some(0));
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
}

async fn a_limit_ends_what_does_not_finish(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let settings = variables(&url, &[("APP_SERVER__SHUTDOWN_SECONDS", "1")]);
    let mut service = Process::start(folder.path(), &settings);
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let _held = held(&service, ann.token.as_deref().unwrap());
    ann.get("/tasks").await.expect(200);
    let since = Instant::now();
    service.signal("TERM");
    assert_eq!(service.wait(), Some(0));
    assert!(
        since.elapsed() < Duration::from_secs(10),
        "{:?}",
        since.elapsed()
    );
}

/// Others hold locks that a background job, or on SQLite each write, waits for.
async fn a_database_that_hangs_does_not_hold_it_up(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let more = [
        ("APP_TASKS__PURGE_SECONDS", "1"),
        ("APP_DATABASE__TIMEOUT_MS", "2000"),
    ];
    let mut service = Process::start(folder.path(), &variables(&url, &more));
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let mut other = database.connect();
    let lock = match engine {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN; LOCK TABLE security_events",
    };
    other.batch_execute(lock).unwrap();
    match engine {
        Engine::Sqlite => {
            let task = json!({ "title": "T" });
            let writes = (0..10).map(|_| ann.post("/tasks", &task));
            for write in join_all(writes).await {
                write.problem(503, "unavailable");
            }
        }
        Engine::Postgres => {
            let waits = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let deadline = Instant::now() + Duration::from_secs(20);
            while database.count(waits) == 0 {
                assert!(Instant::now() < deadline, "no job waits");
            }
        }
    }
    let since = Instant::now();
    service.signal("TERM");
    assert_eq!(service.wait(), Some(0));
    assert!(
        since.elapsed() < Duration::from_secs(14),
        "{:?}",
        since.elapsed()
    );
}

/// The first process of a container would be deaf then, if the signals were not handled from the start on.
pub mod before_the_start {
    use super::*;

    cases![
        on Postgres;
        a_signal_ends_the_wait_for_the_database,
    ];

    async fn a_signal_ends_the_wait_for_the_database(engine: Engine) {
        let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
        let url = database.url().replace("/test_", "/absent_");
        let mut command = process::command(folder.path(), &variables(&url, &[]));
        command.env("APP_DATABASE__CONNECT_SECONDS", "600");
        let mut service = Process::spawn(command);
        service.wait_for("the database cannot be reached");
        service.signal("TERM");
        service.wait_for("stopping before the start is complete");
        assert_eq!(service.wait(), Some(0));
    }
}
