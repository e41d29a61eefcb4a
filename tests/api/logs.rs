//! The log, as people and programs read it.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    cases,
    support::{
        client::{Client, PASSWORD, send},
        database::TestDatabase,
        process::{Process, variables},
        runner::Engine,
    },
};

cases![
    each_line_of_json_is_an_object_that_names_its_request,
    a_trace_that_comes_in_is_kept_and_a_malformed_one_is_not,
    a_slow_statement_is_logged_without_its_values,
    refusals_under_overload_are_no_errors,
];

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn traced(client: &Client, path: &str, id: &str, trace_parent: &str) -> reqwest::RequestBuilder {
    client
        .request(reqwest::Method::GET, path)
        .header("x-request-id", id)
        .header("traceparent", trace_parent)
}

async fn each_line_of_json_is_an_object_that_names_its_request(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let settings = variables(&url, &[("APP_LOG__FORMAT", "json")]);
    let service = Process::start(folder.path(), &settings);
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    send(traced(&ann, "/tasks", "good", &parent))
        .await
        .expect(200);
    database.execute("DROP TABLE tasks");
    send(traced(&ann, "/tasks", "bad", &parent))
        .await
        .expect(500);
    let log = service.rest_of_log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    for line in &lines {
        for member in ["time", "level", "target", "message"] {
            assert!(line[member].is_string(), "{line}");
        }
    }
    let of = |id: &str| -> Vec<&Value> {
        lines
            .iter()
            .filter(|line| line["request_id"] == id)
            .collect()
    };
    let [access] = of("good")[..] else {
        panic!("{log}");
    };
    assert_eq!(access["target"], "task_api::access");
    assert_eq!(access["trace_id"], TRACE);
    assert_eq!(access["parent_id"], "00f067aa0ba902b7");
    assert_eq!(access["method"], "GET");
    assert_eq!(access["route"], "/tasks");
    assert_eq!(access["status"], 200);
    assert!(access["duration_ms"].is_f64(), "{access}");
    let [cause, access] = of("bad")[..] else {
        panic!("{log}");
    };
    assert_eq!(cause["level"], "error");
    assert_eq!(cause["code"], "internal_error");
    assert!(
        cause["cause"].as_str().unwrap().contains("tasks"),
        "{cause}"
    );
    assert_eq!(cause["trace_id"], TRACE);
    assert_eq!(access["status"], 500);
}

async fn a_trace_that_comes_in_is_kept_and_a_malformed_one_is_not(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let service = Process::start(folder.path(), &variables(&database.url(), &[]));
    let client = Client::new(&service.base);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-00");
    send(traced(&client, "/health/live", "good", &parent))
        .await
        .expect(200);
    let line = service.wait_for("request_id=good");
    let names = format!("request_id=good trace_id={TRACE} parent_id=00f067aa0ba902b7 method=GET");
    assert!(line.contains(&names), "{line}");
    let later = format!("cc-{TRACE}-00f067aa0ba902b7-01-more");
    send(traced(&client, "/health/live", "later", &later))
        .await
        .expect(200);
    let line = service.wait_for("request_id=later");
    assert!(line.contains(&format!(" trace_id={TRACE} ")), "{line}");
    for (n, bad) in [
        "00-x\"y-z-01".to_owned(),
        String::new(),
        parent.to_uppercase(),
        format!("{parent}-more"),
        format!("ff-{TRACE}-00f067aa0ba902b7-01"),
        format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{TRACE}-00f067aa0ba902b7"),
    ]
    .iter()
    .enumerate()
    {
        let id = format!("bad-{n}");
        send(traced(&client, "/health/live", &id, bad))
            .await
            .expect(200);
        let named = format!("request_id={id} ");
        let line = service.wait_for(&named);
        assert!(
            line.contains(&format!("{named}method=GET")),
            "{bad}: {line}"
        );
    }
}

async fn a_slow_statement_is_logged_without_its_values(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let settings = variables(&url, &[("APP_LOG__SLOW_MS", "1")]);
    let service = Process::start(folder.path(), &settings);
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    // Long enough to take a millisecond anywhere.
    let task = json!({ "title": "hidden-title", "description": "hidden ".repeat(1400) });
    let operations = vec![json!({ "op": "create", "task": task }); 100];
    let request = ann
        .request(reqwest::Method::POST, "/tasks/batch")
        .header("x-request-id", "large-batch")
        .json(&json!({ "operations": operations }));
    send(request).await.expect(200);
    let line = loop {
        let line = service.wait_for("slow statement request_id=large-batch");
        if line.contains("INSERT INTO") {
            break line;
        }
    };
    assert!(
        line.contains("task_api::slow") && line.contains("tasks"),
        "{line}"
    );
    let log = service.rest_of_log();
    assert!(
        !line.contains("hidden") && !log.contains("hidden"),
        "{line}"
    );
}

async fn refusals_under_overload_are_no_errors(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let settings = [
        ("APP_AUTH__HASH_QUEUE", "1"),
        ("APP_AUTH__BCRYPT_COST", "10"),
    ];
    let service = Process::start(folder.path(), &variables(&url, &settings));
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let logins = (0..40).map(|_| ann.try_log_in("ann@example.com", PASSWORD));
    let logins = join_all(logins).await;
    assert!(logins.iter().any(|login| login.status == 503));
    let log = service.rest_of_log();
    assert!(
        log.contains("status=503") && !log.contains("ERROR"),
        "{log}"
    );
}
