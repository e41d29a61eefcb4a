//! The binary at work: killed, started in a crowd, asked for its health, stopped.

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use futures_util::future::join_all;
use serde_json::Value;
use tempfile::tempdir;

use crate::{
    cases,
    support::{
        app::{SECRET, TestApp},
        client::{Client, PASSWORD},
        database::TestDatabase,
        process::{self, Process, variables},
        runner::Engine,
    },
};

cases![
    acknowledged_writes_survive_a_kill,
    several_copies_start_at_once_on_an_empty_database,
    the_healthcheck_tells_ready_from_not,
    a_request_is_one_line_in_the_log,
    the_files_of_the_database_are_private,
    no_secret_is_in_the_log,
    past_the_queue_a_login_is_503_and_tasks_go_on,
];

async fn acknowledged_writes_survive_a_kill(engine: Engine) {
    let database = TestDatabase::create(engine);
    let folder = tempdir().unwrap();
    let url = database.url();
    let mut acknowledged: Vec<Value> = Vec::new();
    for round in 0..3 {
        let mut service = Process::start(folder.path(), &variables(&url, &[]));
        let client = Client::new(&service.base);
        let ann = match round {
            0 => client.register_and_log_in("ann").await,
            _ => client.log_in("ann@example.com", PASSWORD).await,
        };
        let writer = ann.clone();
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let writing = tokio::spawn(async move {
            for number in 0.. {
                let body = serde_json::json!({ "title": format!("{round}-{number}") });
                let request = writer.request(reqwest::Method::POST, "/tasks").json(&body);
                let Ok(response) = request.send().await else {
                    return;
                };
                let Ok(task) = response.error_for_status().unwrap().json::<Value>().await else {
                    return;
                };
                sender.send(task).unwrap();
            }
        });
        for _ in 0..20 {
            acknowledged.push(receiver.recv().await.unwrap());
        }
        service.kill();
        writing.await.unwrap();
        while let Some(task) = receiver.recv().await {
            acknowledged.push(task);
        }
    }
    let service = Process::start(folder.path(), &variables(&url, &[]));
    let ann = Client::new(&service.base)
        .log_in("ann@example.com", PASSWORD)
        .await;
    assert!(acknowledged.len() >= 60);
    for task in acknowledged {
        let path = format!("/tasks/{}", task["id"]);
        assert_eq!(ann.get(&path).await.expect(200).json(), task);
    }
}

async fn several_copies_start_at_once_on_an_empty_database(engine: Engine) {
    let database = Arc::new(TestDatabase::create(engine));
    let starts = (0..4).map(|_| {
        let database = database.clone();
        std::thread::spawn(move || {
            let folder = tempdir().unwrap();
            let url = database.url();
            let service = Process::start(folder.path(), &variables(&url, &[]));
            (folder, service)
        })
    });
    let services: Vec<_> = starts
        .collect::<Vec<_>>()
        .into_iter()
        .map(|s| s.join().unwrap())
        .collect();
    let ann = Client::new(&services[0].1.base)
        .register_and_log_in("ann")
        .await;
    for (_, service) in &services {
        let client = Client::new(&service.base);
        client.get("/health/ready").await.expect(200);
        client
            .with_token(ann.token.as_deref().unwrap())
            .task("T")
            .await;
    }
}

async fn the_healthcheck_tells_ready_from_not(engine: Engine) {
    let database = TestDatabase::create(engine);
    let folder = tempdir().unwrap();
    let url = database.url();
    let service = Process::start(folder.path(), &variables(&url, &[]));
    let port = service.base.rsplit(':').next().unwrap();
    let check = |port: &str| {
        let settings = [("APP_SERVER__PORT", port), ("APP_SERVER__HOST", "0.0.0.0")];
        process::output(folder.path(), &["healthcheck"], &settings)
            .status
            .code()
    };
    assert_eq!(check(port), Some(0));
    database.execute("DELETE FROM __diesel_schema_migrations");
    assert_eq!(check(port), Some(1));
    assert_eq!(check("1"), Some(1), "nobody listens");
}

async fn the_files_of_the_database_are_private(engine: Engine) {
    let database = TestDatabase::create(engine);
    let folder = tempdir().unwrap();
    let url = database.url();
    let service = Process::start(folder.path(), &variables(&url, &[]));
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    ann.task("T").await;
    let files = match url.strip_prefix("sqlite://") {
        Some(path) => ["", "-wal", "-shm"]
            .map(|suffix| format!("{path}{suffix}"))
            .to_vec(),
        None => Vec::new(),
    };
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "nothing is written elsewhere");
}

async fn a_request_is_one_line_in_the_log(engine: Engine) {
    let database = TestDatabase::create(engine);
    let folder = tempdir().unwrap();
    let url = database.url();
    let settings = variables(&url, &[("APP_SERVER__TRUSTED_PROXIES", "127.0.0.0/8")]);
    let service = Process::start(folder.path(), &settings);
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let request = ann
        .request(reqwest::Method::GET, "/tasks/12345?password=hunter2")
        .header("x-request-id", "log-test-1")
        .header("x-forwarded-for", "203.0.113.9");
    crate::support::client::send(request).await.expect(422);
    let line = service.wait_for("request_id=log-test-1");
    for part in [
        "method=GET route=/tasks/{id} status=422 duration_ms=",
        " bytes=",
        " user_id=1 client=203.0.113.9",
    ] {
        assert!(line.contains(part), "{line}");
    }
    assert!(
        !line.contains("12345") && !line.contains("hunter2"),
        "{line}"
    );
    database.execute("DROP TABLE tasks");
    let request = ann
        .request(reqwest::Method::GET, "/tasks")
        .header("x-request-id", "log-test-2");
    crate::support::client::send(request).await.expect(500);
    let cause = service.wait_for("request_id=log-test-2");
    assert!(
        cause.contains("ERROR") && cause.contains("code=internal_error") && cause.contains("tasks"),
        "{cause}"
    );
    service.wait_for("request_id=log-test-2 method=GET route=/tasks status=500");
}

async fn no_secret_is_in_the_log(engine: Engine) {
    let database = TestDatabase::create(engine);
    let folder = tempdir().unwrap();
    let url = database.url();
    let service = Process::start(folder.path(), &variables(&url, &[("RUST_LOG", "debug")]));
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    ann.task("T").await;
    ann.try_log_in("ann@example.com", "a-wrong-password")
        .await
        .expect(401);
    let token = ann.token.clone().unwrap();
    ann.with_token(&format!("{token}x"))
        .get("/tasks")
        .await
        .expect(401);
    let log = service.rest_of_log();
    assert!(log.contains("route=/auth/login status=401"), "{log}");
    for secret in [PASSWORD, "a-wrong-password", SECRET, "$2b$", &token] {
        assert!(!log.contains(secret), "{secret}");
    }
}

async fn past_the_queue_a_login_is_503_and_tasks_go_on(engine: Engine) {
    let settings = [
        ("APP_AUTH__HASH_QUEUE", "0"),
        ("APP_AUTH__BCRYPT_COST", "10"),
    ];
    let app = TestApp::start(engine, &settings);
    let ann = app.user("ann").await;
    let logins = (0..30).map(|_| ann.try_log_in("ann@example.com", "a-wrong-password"));
    let tasks = (0..10).map(async |_| ann.get("/tasks").await.expect(200));
    let (logins, _) = futures_util::join!(join_all(logins), join_all(tasks));
    let (mut answered, mut refused) = (0, 0);
    for login in logins {
        match login.status.as_u16() {
            401 => answered += 1,
            _ => {
                assert_eq!(login.header("retry-after"), Some("1"));
                login.problem(503, "unavailable");
                refused += 1;
            }
        }
    }
    assert!(answered > 0 && refused > 0, "{answered} {refused}");
}
