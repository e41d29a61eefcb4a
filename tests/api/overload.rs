//! More than the service can take, clients that take their time, and a database whose file is gone.

use std::{
    cell::Cell,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use futures_util::future::{join_all, select};
use serde_json::json;

use crate::{
    cases,
    support::{app::TestApp, client::Client, runner::Engine},
};

cases![
    past_the_limit_of_connections_others_wait_until_one_leaves,
    past_the_queue_of_the_database_requests_are_refused_at_once,
    readiness_does_not_wait_behind_traffic,
    slow_headers_and_bodies_are_not_waited_for,
];

fn connect(app: &TestApp) -> TcpStream {
    let stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// Sends a request for `path`, and returns the answer's head.
fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = String::new();
    let mut reader = BufReader::new(stream);
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    head.to_ascii_lowercase()
}

async fn past_the_limit_of_connections_others_wait_until_one_leaves(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_SERVER__CONNECTIONS", "4")]);
    let mut served: Vec<TcpStream> = (0..4).map(|_| connect(&app)).collect();
    for stream in &mut served {
        assert!(ask(stream, "/health/ready").starts_with("http/1.1 200"));
    }
    let mut over = connect(&app);
    let soon = Some(Duration::from_millis(500));
    over.set_read_timeout(soon).unwrap();
    over.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    assert!(over.read(&mut [0]).is_err(), "it is not accepted");
    // Those that are served go on.
    assert!(ask(&mut served[0], "/health/ready").starts_with("http/1.1 200"));
    served.clear();
    over.set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut status = [0; 12];
    over.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
}

async fn past_the_queue_of_the_database_requests_are_refused_at_once(engine: Engine) {
    let settings = [
        ("APP_DATABASE__POOL_SIZE", "1"),
        ("APP_DATABASE__QUEUE", "2"),
        ("APP_DATABASE__TIMEOUT_MS", "20000"),
    ];
    let app = TestApp::start(engine, &settings);
    let ann = app.user("ann").await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (began, begin) = tokio::sync::oneshot::channel();
    let db = app.state.db.clone();
    let holding = tokio::spawn(async move {
        db.read(move |_| {
            began.send(()).unwrap();
            held.recv().unwrap();
            Ok(())
        })
        .await
    });
    begin.await.unwrap();
    let refused = Cell::new(0);
    let asks = join_all((0..20).map(async |_| {
        let answer = ann.get("/tasks").await;
        if answer.status != 200 {
            assert_eq!(answer.header("retry-after"), Some("1"));
            answer.problem(503, "unavailable");
            refused.set(refused.get() + 1);
        }
    }));
    let freed = async {
        // The refused are answered while the database is held, long before its time-out.
        let deadline = Instant::now() + Duration::from_secs(10);
        while refused.get() < 18 {
            assert!(Instant::now() < deadline, "{} are refused", refused.get());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        release.send(()).unwrap();
    };
    futures_util::join!(asks, freed);
    holding.await.unwrap().unwrap();
    // A background job may be one of the two that wait.
    assert!(matches!(refused.get(), 18 | 19), "{refused:?} are refused");
    ann.get("/tasks").await.expect(200);
}

async fn readiness_does_not_wait_behind_traffic(engine: Engine) {
    let settings = [
        ("APP_DATABASE__POOL_SIZE", "1"),
        ("APP_DATABASE__QUEUE", "1"),
        ("APP_DATABASE__TIMEOUT_MS", "20000"),
    ];
    let app = TestApp::start(engine, &settings);
    let client = app.anonymous();
    let db = app.state.db.clone();
    let (began, begin) = tokio::sync::oneshot::channel();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let holding = tokio::spawn(async move {
        let hold = move |_: &mut _| {
            began.send(()).unwrap();
            held.recv().unwrap();
            Ok(())
        };
        db.read(hold).await
    });
    begin.await.unwrap();
    // Of two more, one waits and the other is refused.
    let read = || {
        let db = app.state.db.clone();
        tokio::spawn(async move { db.read(|_| Ok(())).await })
    };
    let (refused, waiting) = select(read(), read()).await.factor_first();
    assert!(refused.unwrap().is_err());
    for _ in 0..3 {
        client.get("/health/ready").await.expect(200);
    }
    release.send(()).unwrap();
    holding.await.unwrap().unwrap();
    waiting.await.unwrap().unwrap();
}

async fn slow_headers_and_bodies_are_not_waited_for(engine: Engine) {
    let settings = [
        ("APP_SERVER__HEADER_SECONDS", "1"),
        ("APP_SERVER__BODY_SECONDS", "1"),
    ];
    let app = TestApp::start(engine, &settings);
    let mut header = connect(&app);
    header.write_all(b"GET /tasks HTTP/1.1\r\nHost: l").unwrap();
    let mut body = connect(&app);
    let head = "POST /auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    body.write_all(head.as_bytes()).unwrap();
    let since = Instant::now();
    let mut answers = [String::new(), String::new()];
    for (stream, answer) in [header, body].iter_mut().zip(&mut answers) {
        // Until the service closes the connection.
        stream.read_to_string(answer).unwrap();
    }
    assert!(
        since.elapsed() < Duration::from_secs(15),
        "{:?}",
        since.elapsed()
    );
    assert!(answers[0].starts_with("HTTP/1.1 408"), "{}", answers[0]);
    assert!(answers[1].starts_with("HTTP/1.1 400"), "{}", answers[1]);
}

pub mod of_a_file {
    use super::*;

    cases![
        on Sqlite;
        a_file_that_was_deleted_takes_no_writes,
    ];

    async fn a_file_that_was_deleted_takes_no_writes(app: TestApp) {
        let ann = app.user("ann").await;
        ann.task("before").await;
        let url = app.database.url();
        let path = url.strip_prefix("sqlite://").unwrap();
        let aside = format!("{path}.aside");
        std::fs::rename(path, &aside).unwrap();
        let refused = ann.post("/tasks", &json!({ "title": "lost" })).await;
        refused.problem(503, "unavailable");
        Client::new(&app.base)
            .get("/health/ready")
            .await
            .problem(503, "unavailable");
        assert!(!std::fs::exists(path).unwrap(), "no empty file is made");
        std::fs::rename(&aside, path).unwrap();
        ann.task("after").await;
        Client::new(&app.base)
            .get("/health/ready")
            .await
            .expect(200);
    }
}

pub mod of_connections {
    use super::*;
    use crate::support::database;

    cases![
        on Postgres;
        killed_connections_cost_one_answer_and_not_one_each,
    ];

    async fn killed_connections_cost_one_answer_and_not_one_each(engine: Engine) {
        let app = TestApp::start(engine, &[("APP_DATABASE__POOL_SIZE", "8")]);
        let ann = app.user("ann").await;
        let name = app.database.name();
        // All eight are open once as many are at work at the same time.
        join_all((0..40).map(|_| ann.get("/tasks"))).await;
        database::server(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ));
        let mut failed = 0;
        for _ in 0..20 {
            let answer = ann.get("/tasks").await;
            failed += usize::from(answer.status != 200);
        }
        assert!(failed <= 1, "{failed} of 20 failed");
    }
}
