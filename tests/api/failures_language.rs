//! Failures of a PostgreSQL whose messages are not in English.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::Client,
        database::{self, TestDatabase, postgres_url},
        doctor::Patient,
        runner::Engine,
    },
};

cases![
    on Postgres unless missing;
    a_lock_that_others_hold_is_503,
    a_statement_that_takes_too_long_is_503,
    a_statement_that_an_operator_cancels_is_503,
    a_statement_that_is_wrong_stays_500,
    the_doctor_says_what_to_set,
];

const LANGUAGE: &str = "SET lc_messages = 'de_DE.UTF-8'";

/// Where the server has no German, it has none of the messages.
fn missing() -> Option<&'static str> {
    let mut conn = PgConnection::establish(&postgres_url()?).ok()?;
    let outcome = conn.batch_execute(&format!("{LANGUAGE}; SELECT 1 / 0"));
    let is_german = outcome.is_err_and(|error| error.to_string() == "Division durch Null");
    (!is_german).then_some(
        "the PostgreSQL of TEST_POSTGRES_URL has no German: `localedef -i de_DE -f UTF-8 de_DE.UTF-8`",
    )
}

/// The service on a database that speaks German, with these settings more.
fn german(settings: &[&str], overrides: &[(&str, &str)]) -> TestApp {
    let database = TestDatabase::create(Engine::Postgres);
    for setting in settings.iter().chain(&[LANGUAGE]) {
        database::server(&format!("ALTER DATABASE {} {setting}", database.name()));
    }
    TestApp::on(Engine::Postgres, Arc::new(database), overrides)
}

/// The answer to a change of a task while another connection holds its table, during which `meanwhile` is done.
async fn while_locked(app: &TestApp, meanwhile: impl Fn(&TestDatabase) -> bool) -> Answer {
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let mut other = app.database.connect();
    other
        .batch_execute("SET statement_timeout = 0; BEGIN; LOCK TABLE tasks IN SHARE MODE")
        .unwrap();
    let change = tokio::spawn(change(ann.clone(), task.clone()));
    let deadline = Instant::now() + Duration::from_secs(10);
    while !meanwhile(&app.database) {
        assert!(Instant::now() < deadline, "nothing waits");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let answer = change.await.unwrap();
    other.batch_execute("COMMIT").unwrap();
    change_now(&ann, &task).await.expect(200);
    answer
}

async fn change(ann: Client, task: Value) -> Answer {
    change_now(&ann, &task).await
}

async fn change_now(ann: &Client, task: &Value) -> Answer {
    let path = format!("/tasks/{}", task["id"]);
    ann.patch(&path, &json!({ "title": "U" })).await
}

async fn a_lock_that_others_hold_is_503(_: Engine) {
    let app = german(&[], &[("APP_DATABASE__TIMEOUT_MS", "1000")]);
    let answer = while_locked(&app, |_| true).await;
    assert_eq!(answer.header("retry-after"), Some("1"));
    answer.problem(503, "unavailable");
}

/// Behind a pooler of transactions the time-out is the role's or the database's.
async fn a_statement_that_takes_too_long_is_503(_: Engine) {
    let app = german(
        &["SET statement_timeout = '300ms'"],
        &[("APP_DATABASE__PREPARED_STATEMENTS", "false")],
    );
    let answer = while_locked(&app, |_| true).await;
    answer.problem(503, "unavailable");
}

async fn a_statement_that_an_operator_cancels_is_503(_: Engine) {
    let app = german(&[], &[]);
    // In this order: others must not be cancelled.
    let cancelled = "FROM pg_stat_activity WHERE CASE
            WHEN datname = current_database() AND application_name = 'task-api' AND wait_event_type = 'Lock'
            THEN pg_cancel_backend(pid) ELSE false END";
    let answer = while_locked(&app, |database| database.count(cancelled) > 0).await;
    answer.problem(503, "unavailable");
}

async fn a_statement_that_is_wrong_stays_500(_: Engine) {
    let app = german(&[], &[]);
    let ann = app.user("ann").await;
    app.database
        .execute("ALTER TABLE tasks RENAME title TO name");
    for _ in 0..2 {
        ann.get("/tasks").await.problem(500, "internal_error");
    }
}

async fn the_doctor_says_what_to_set(engine: Engine) {
    let patient = Patient::migrated(engine);
    let name = patient.database.name();
    patient.diagnose(&[]).is("messages", "ok", "English");
    database::server(&format!("ALTER DATABASE {name} {LANGUAGE}"));
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("messages", "warning", "de_DE.UTF-8");
    diagnosis.advises("messages", "SET lc_messages = 'C'");
    assert_eq!(diagnosis.status, 0);
}
