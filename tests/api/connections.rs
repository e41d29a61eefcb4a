//! The life of a connection: what ends it, that this is said, and that nothing lasts for ever.

use std::time::{Duration, Instant};

use tempfile::tempdir;

use crate::{
    cases,
    support::{
        app::TestApp,
        database::TestDatabase,
        process::{self, Process, variables},
        raw::Connection,
        runner::Engine,
    },
};

cases![
    on Sqlite;
    a_body_without_an_end_ends_with_its_connection,
    a_body_that_goes_on_and_on_is_not_read_for_ever,
    an_answer_arrives_before_the_connection_closes,
    a_small_body_that_nobody_wants_leaves_the_connection_open,
    a_body_that_stalls_or_breaks_closes_the_connection,
    the_port_of_the_metrics_is_no_exception,
    every_head_has_its_time,
    what_is_no_request_is_told_that_the_connection_closes,
    an_idle_connection_ends_and_not_before,
];

/// The times that a client has are shortened; what a closing connection has is not to be set.
const SETTINGS: [(&str, &str); 3] = [
    ("APP_SERVER__HEADER_SECONDS", "1"),
    ("APP_SERVER__BODY_SECONDS", "1"),
    ("APP_SERVER__KEEP_ALIVE_SECONDS", "60"),
];

/// For what takes at most five seconds.
const LINGER: Duration = Duration::from_secs(9);

pub const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

pub fn app() -> TestApp {
    TestApp::start(Engine::Sqlite, &SETTINGS)
}

pub async fn token(app: &TestApp) -> String {
    app.user("ann").await.token.unwrap()
}

/// A request without the end of its head: `line` and `headers` of one line each.
pub fn head(line: &str, headers: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}")
}

/// Heads that are refused, or answered, whatever their body is, with the status.
fn heads(token: &str) -> Vec<(u16, String)> {
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let json = format!("{bearer}Content-Type: application/json\r\n");
    let cases = [
        (404, "GET /nope", ""),
        (404, "POST /nope", &bearer),
        (401, "POST /tasks", "Content-Type: application/json\r\n"),
        (401, "GET /tasks", ""),
        (405, "PUT /tasks", &bearer),
        (
            415,
            "POST /tasks",
            &format!("{bearer}Content-Type: text/plain\r\n"),
        ),
        (422, "POST /tasks?nonsense=1", &json),
    ];
    let with = |(status, line, headers): (u16, &str, &str)| (status, head(line, headers));
    cases.into_iter().map(with).collect()
}

/// Waits until the service holds no connection any more.
async fn await_none(app: &TestApp, limit: Duration) {
    let deadline = Instant::now() + limit;
    let held = || app.state.metrics.http.connections.get();
    while held() > 0 {
        assert!(Instant::now() < deadline, "{} are still held", held());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn a_body_without_an_end_ends_with_its_connection(_: Engine) {
    let app = app();
    let token = token(&app).await;
    let framings = [
        "Transfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        "Content-Length: 10\r\n\r\n",
        "Content-Length: 10\r\n\r\n{",
        "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n",
    ];
    let mut clients = Vec::new();
    for (status, head) in heads(&token) {
        for framing in framings {
            let mut client = Connection::open(&app.base);
            client.send(&format!("{head}{framing}"));
            let answer = client.answer();
            assert_eq!(answer.status, status, "{head}{framing}: {answer:?}");
            assert!(answer.says_close(), "{head}{framing}: {answer:?}");
            client.expect_end();
            clients.push(client);
        }
    }
    await_none(&app, LINGER).await;
}

async fn a_body_that_goes_on_and_on_is_not_read_for_ever(_: Engine) {
    let app = app();
    for path in ["/nope", "/tasks"] {
        let mut client = Connection::open(&app.base);
        client.send(&head(
            &format!("POST {path}"),
            "Transfer-Encoding: chunked\r\n\r\n",
        ));
        assert!(client.answer().says_close());
        assert!(client.send_until_refused("1\r\nx\r\n") < LINGER);
    }
    // Nor are many bytes, however little time they take.
    let mut client = Connection::open(&app.base);
    client.send(&head("POST /nope", "Content-Length: 99999999999\r\n\r\n"));
    let megabyte = "x".repeat(1024 * 1024);
    let since = Instant::now();
    let mut sent = 0;
    while client.try_send(&megabyte).is_ok() {
        sent += 1;
        assert!(sent < 1000, "after {:?} it is still taken", since.elapsed());
    }
}

async fn an_answer_arrives_before_the_connection_closes(_: Engine) {
    let app = app();
    let token = token(&app).await;
    let body = "x".repeat(8 * 1024 * 1024);
    let json = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let length = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let chunk = format!(
        "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    for (status, line) in [(413, "POST /tasks"), (404, "POST /nope")] {
        for content in [&length, &chunk] {
            let mut client = Connection::open(&app.base);
            client.send(&format!("{}{content}", head(line, &json)));
            let answer = client.answer();
            assert_eq!(answer.status, status);
            assert!(answer.says_close());
            client.expect_end();
        }
    }
}

async fn a_small_body_that_nobody_wants_leaves_the_connection_open(_: Engine) {
    let app = app();
    let token = token(&app).await;
    let mut client = Connection::open(&app.base);
    for (status, head) in heads(&token) {
        for body in [
            "Content-Length: 2\r\n\r\n{}",
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{}",
        ] {
            client.send(&format!("{head}{body}"));
            let answer = client.answer();
            assert_eq!(answer.status, status, "{head}{body}: {answer:?}");
            assert_eq!(answer.connection, None, "{head}{body}");
        }
    }
    client.send(LIVE);
    assert_eq!(client.answer().status, 200);
}

async fn a_body_that_stalls_or_breaks_closes_the_connection(_: Engine) {
    let app = app();
    let json = "Content-Type: application/json\r\n";
    let mut clients = Vec::new();
    for content in [
        "Content-Length: 100\r\n\r\n{",
        "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    ] {
        let mut client = Connection::open(&app.base);
        client.send(&format!("{}{content}", head("POST /auth/register", json)));
        let answer = client.answer();
        assert_eq!(answer.status, 400, "{content}: {answer:?}");
        assert!(answer.body.contains("malformed_request"), "{answer:?}");
        assert!(answer.says_close(), "{content}: {answer:?}");
        client.expect_end();
        clients.push(client);
    }
    await_none(&app, LINGER).await;
}

async fn the_port_of_the_metrics_is_no_exception(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let mut settings = variables(&url, &SETTINGS);
    settings.push(("APP_METRICS__ADDRESS", "127.0.0.1:0"));
    let service = Process::spawn(process::command(folder.path(), &settings));
    let line = service.wait_for("metrics at ");
    let (_, url) = line.split_once("metrics at ").unwrap();
    let base = url.trim().strip_suffix("/metrics").unwrap();
    for path in ["/metrics", "/nope"] {
        let mut client = Connection::open(base);
        client.send(&head(
            &format!("GET {path}"),
            "Transfer-Encoding: chunked\r\n\r\n",
        ));
        assert!(client.answer().says_close());
        client.expect_end();
        assert!(client.send_until_refused("1\r\nx\r\n") < LINGER);
    }
    let mut client = Connection::open(base);
    for _ in 0..2 {
        client.send(&head(
            "GET /metrics",
            "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        ));
        let answer = client.answer();
        assert_eq!((answer.status, answer.connection), (200, None));
    }
    client.send("GET /met");
    let answer = client.answer();
    assert_eq!(answer.status, 408);
    assert!(answer.says_close());
}

async fn every_head_has_its_time(_: Engine) {
    let app = app();
    let mut clients = Vec::new();
    for (before, partial) in [
        ("", ""),
        ("", "GET /heal"),
        (LIVE, "G"),
        (
            LIVE,
            "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        ),
    ] {
        let mut client = Connection::open(&app.base);
        // What follows may come in the same packet, or later.
        client.send(&format!("{before}{partial}"));
        if !before.is_empty() {
            assert_eq!(client.answer().status, 200);
        }
        clients.push(client);
    }
    let mut late = Connection::open(&app.base);
    late.send(LIVE);
    assert_eq!(late.answer().status, 200);
    late.send("GET /heal");
    clients.push(late);
    for client in &mut clients {
        let since = Instant::now();
        let answer = client.answer();
        assert_eq!(answer.status, 408);
        assert!(answer.says_close());
        client.expect_end();
        assert!(since.elapsed() < Duration::from_secs(5));
    }
    await_none(&app, LINGER).await;
    // Nor does it help to go on.
    let mut client = Connection::open(&app.base);
    client.send(LIVE);
    assert_eq!(client.answer().status, 200);
    client.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    assert!(client.send_until_refused("x") < LINGER);
}

async fn what_is_no_request_is_told_that_the_connection_closes(_: Engine) {
    let app = app();
    let large = format!("GET /{} HTTP/1.1\r\n", "x".repeat(140_000));
    for (status, text) in [
        (400, "nonsense\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        (
            400,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        ),
        (
            400,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        ),
        (431, &large),
    ] {
        for before in ["", LIVE] {
            let mut client = Connection::open(&app.base);
            client.send(before);
            if !before.is_empty() {
                assert_eq!(client.answer().connection, None);
            }
            client.send(text);
            let answer = client.answer();
            assert_eq!(answer.status, status);
            assert!(answer.says_close(), "{text}");
            client.expect_end();
        }
        // The request before it is answered, though.
        let mut client = Connection::open(&app.base);
        client.send(&format!("{LIVE}{text}"));
        assert_eq!(client.answer().status, 200);
        assert_eq!(client.answer().status, status);
        client.expect_end();
    }
}

async fn an_idle_connection_ends_and_not_before(_: Engine) {
    let settings = [("APP_SERVER__KEEP_ALIVE_SECONDS", "3")];
    let app = TestApp::start(Engine::Sqlite, &settings);
    let mut client = Connection::open(&app.base);
    for _ in 0..2 {
        client.send(LIVE);
        assert_eq!(client.answer().connection, None);
        std::thread::sleep(Duration::from_millis(1500));
    }
    let since = Instant::now();
    client.expect_end();
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
    assert!(
        since.elapsed() > Duration::from_millis(500),
        "{:?}",
        since.elapsed()
    );
    await_none(&app, Duration::from_secs(1)).await;
}
