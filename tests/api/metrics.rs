//! What Prometheus sees.

use tempfile::tempdir;

use crate::{
    cases,
    support::{
        client::{Client, PASSWORD},
        database::TestDatabase,
        process::{Process, variables},
        runner::Engine,
    },
};

cases![
    requests_are_counted_by_method_route_and_status,
    the_database_hashes_and_limits_are_counted,
    they_are_off_by_default_and_never_on_the_public_port,
];

/// A service with metrics, and where they are.
struct Observed {
    service: Process,
    metrics: Client,
    _folder: tempfile::TempDir,
    _database: TestDatabase,
}

impl Observed {
    fn start(engine: Engine, more: &[(&str, &str)]) -> Self {
        let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
        let url = database.url();
        let mut settings = variables(&url, more);
        settings.push(("APP_METRICS__ADDRESS", "127.0.0.1:0"));
        let mut service =
            Process::spawn(crate::support::process::command(folder.path(), &settings));
        let line = service.wait_for("metrics at ");
        let (_, url) = line.split_once("metrics at ").unwrap();
        let metrics = Client::new(url.trim().strip_suffix("/metrics").unwrap());
        service.wait_until_it_listens();
        Self {
            service,
            metrics,
            _folder: folder,
            _database: database,
        }
    }

    fn client(&self) -> Client {
        Client::new(&self.service.base)
    }

    /// The value of the sample whose name and labels are `sample`, `None` where there is none.
    async fn read(&self, sample: &str) -> Option<f64> {
        let text = self.text().await;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        line.map(|value| value.parse().unwrap())
    }

    async fn text(&self) -> String {
        let request = self.metrics.request(reqwest::Method::GET, "/metrics");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let media_type = answer.headers()["content-type"].to_str().unwrap();
        assert!(media_type.starts_with("application/openmetrics-text"));
        answer.text().await.unwrap()
    }
}

async fn requests_are_counted_by_method_route_and_status(engine: Engine) {
    let observed = Observed::start(engine, &[]);
    let ann = observed.client().register_and_log_in("ann").await;
    for title in ["a", "b", "c"] {
        ann.task(title).await;
    }
    let _ = ann.get("/tasks/777").await.problem(404, "not_found");
    let _ = ann.get("/nowhere/777").await.problem(404, "not_found");
    let brew = reqwest::Method::from_bytes(b"BREW").unwrap();
    ann.request(brew, "/tasks").send().await.unwrap();
    for (labels, count) in [
        (r#"method="POST",route="/tasks",status="201""#, 3.0),
        (r#"method="GET",route="/tasks/{id}",status="404""#, 1.0),
        (r#"method="GET",route="none",status="404""#, 1.0),
        (r#"method="other",route="/tasks",status="405""#, 1.0),
    ] {
        let sample = format!("task_api_http_request_duration_seconds_count{{{labels}}}");
        assert_eq!(observed.read(&sample).await, Some(count), "{labels}");
        let sample =
            format!("task_api_http_request_duration_seconds_bucket{{le=\"+Inf\",{labels}}}");
        assert_eq!(observed.read(&sample).await, Some(count), "{labels}");
    }
    let text = observed.text().await;
    assert!(!text.contains("/777") && !text.contains("BREW"), "{text}");
    assert!(text.ends_with("# EOF\n"));
    let in_flight = observed.read("task_api_http_requests_in_flight").await;
    assert_eq!(in_flight, Some(0.0));
    // The client's own, kept for its next request.
    let connections = observed.read("task_api_http_connections").await;
    assert!(connections.unwrap() >= 1.0, "{connections:?}");
}

async fn the_database_hashes_and_limits_are_counted(engine: Engine) {
    let observed = Observed::start(engine, &[("APP_AUTH__FAILURES_PER_ACCOUNT", "1")]);
    let ann = observed.client().register_and_log_in("ann").await;
    ann.try_log_in("ann@example.com", "a-wrong-password")
        .await
        .expect(401);
    let blocked = ann.try_log_in("ann@example.com", PASSWORD).await;
    blocked.problem(429, "too_many_requests");
    ann.task("T").await;
    let (reads, writes, name) = match engine {
        Engine::Sqlite => ("readers", "writer", "SQLite"),
        Engine::Postgres => ("main", "main", "PostgreSQL"),
    };
    for (sample, least) in [
        (
            format!("task_api_db_work_seconds_count{{pool=\"{reads}\"}}"),
            1.0,
        ),
        (
            format!("task_api_db_work_seconds_count{{pool=\"{writes}\"}}"),
            3.0,
        ),
        (
            format!("task_api_db_queue_seconds_count{{pool=\"{writes}\"}}"),
            3.0,
        ),
        (
            format!("task_api_db_queue_waiting{{pool=\"{writes}\"}}"),
            0.0,
        ),
        (
            format!("task_api_db_refused_total{{pool=\"{writes}\"}}"),
            0.0,
        ),
        (
            format!("task_api_db_connections{{pool=\"{reads}\",state=\"idle\"}}"),
            1.0,
        ),
        ("task_api_db_errors_total{kind=\"lost\"}".to_owned(), 0.0),
        // Registration, login, and the failed one: the blocked one is not hashed.
        ("task_api_hash_queue_seconds_count".to_owned(), 3.0),
        ("task_api_hash_queue_waiting".to_owned(), 0.0),
        ("task_api_hash_running".to_owned(), 0.0),
        ("task_api_hash_refused_total".to_owned(), 0.0),
        (
            "task_api_throttled_total{limit=\"login-account\"}".to_owned(),
            1.0,
        ),
        (
            format!(
                "task_api_build_info{{version=\"{}\",engine=\"{name}\"}}",
                env!("CARGO_PKG_VERSION")
            ),
            1.0,
        ),
    ] {
        let value = observed.read(&sample).await;
        assert!(
            value.is_some_and(|value| value >= least),
            "{sample} {value:?}"
        );
    }
    let hashes = observed.read("task_api_hash_queue_seconds_count").await;
    assert_eq!(hashes, Some(3.0));
}

async fn they_are_off_by_default_and_never_on_the_public_port(engine: Engine) {
    let observed = Observed::start(engine, &[]);
    observed
        .client()
        .get("/metrics")
        .await
        .problem(404, "not_found");
    let tasks = observed.metrics.request(reqwest::Method::GET, "/tasks");
    assert_eq!(tasks.send().await.unwrap().status(), 404);

    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let service = Process::start(folder.path(), &variables(&database.url(), &[]));
    let client = Client::new(&service.base);
    client.get("/metrics").await.problem(404, "not_found");
    assert!(!service.rest_of_log().contains("metrics at"));
}
