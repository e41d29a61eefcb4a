//! Bad luck: the database gone, slow, broken or full.

use std::time::{Duration, Instant};

use serde_json::json;
use task_api::error::AppError;

use crate::{
    cases,
    support::{app::TestApp, held_connection::HeldConnection, runner::Engine},
};

cases![
    a_broken_table_is_an_opaque_500,
    an_exhausted_pool_is_503_within_the_time_out,
    pending_migrations_are_not_ready,
    a_panic_on_a_connection_poisons_nothing,
    a_client_that_goes_away_loses_no_acknowledged_write,
];

async fn a_broken_table_is_an_opaque_500(app: TestApp) {
    let ann = app.user("ann").await;
    app.database.execute("DROP TABLE tasks");
    for answer in [
        ann.get("/tasks").await,
        ann.get("/tasks/1").await,
        ann.post("/tasks", &json!({ "title": "T" })).await,
        ann.get("/trash").await,
        ann.delete("/trash").await,
        ann.get("/labels").await,
        ann.delete("/labels/home").await,
    ] {
        let problem = answer.problem(500, "internal_error");
        let told = problem.to_string();
        assert!(
            !told.contains("tasks") && !told.contains("relation"),
            "{told}"
        );
    }
    ann.get("/auth/me").await.expect(200);
}

async fn an_exhausted_pool_is_503_within_the_time_out(engine: Engine) {
    let app = TestApp::start(
        engine,
        &[
            ("APP_DATABASE__POOL_SIZE", "1"),
            ("APP_DATABASE__TIMEOUT_MS", "1000"),
        ],
    );
    let ann = app.user("ann").await;
    let held = HeldConnection::of(&app).await;
    let started = Instant::now();
    let answer = ann.get("/tasks").await;
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
    let problem = answer.problem(503, "unavailable");
    assert!(!problem.to_string().contains("connection"), "{problem}");
    app.anonymous().get("/health/live").await.expect(200);
    held.release_late().await;
    ann.get("/tasks").await.expect(200);
}

async fn pending_migrations_are_not_ready(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_DATABASE__RUN_MIGRATIONS", "false")]);
    let client = app.anonymous();
    client
        .get("/health/ready")
        .await
        .problem(503, "unavailable");
    client.get("/health/live").await.expect(200);
    let migrated = app.second(&[]);
    migrated.anonymous().get("/health/ready").await.expect(200);
    client.get("/health/ready").await.expect(200);
    app.database
        .execute("DELETE FROM __diesel_schema_migrations WHERE version = '00000000000002'");
    let problem = client
        .get("/health/ready")
        .await
        .problem(503, "unavailable");
    assert_eq!(
        problem["detail"],
        "not ready: migrations are pending: 00000000000002"
    );
}

async fn a_panic_on_a_connection_poisons_nothing(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_DATABASE__POOL_SIZE", "1")]);
    let ann = app.user("ann").await;
    for _ in 0..3 {
        let read = app.state.db.read::<()>(|_| panic!("on purpose")).await;
        assert!(matches!(read, Err(AppError::Internal { .. })));
        let write = app.state.db.write::<()>(|_| panic!("on purpose")).await;
        assert!(matches!(write, Err(AppError::Internal { .. })));
        ann.task("T").await;
        ann.get("/tasks").await.expect(200);
    }
}

async fn a_client_that_goes_away_loses_no_acknowledged_write(engine: Engine) {
    // With one connection, one that were lost on the way would be missed at once.
    let app = TestApp::start(engine, &[("APP_DATABASE__POOL_SIZE", "1")]);
    let ann = app.user("ann").await;
    for number in 0..30 {
        let body = json!({ "title": format!("abandoned {number}") });
        let call = ann.post("/tasks", &body);
        // Cut off somewhere on the way; some arrive, some do not.
        let patience = Duration::from_micros(number * 200);
        drop(tokio::time::timeout(patience, call).await);
        ann.task(&format!("kept {number}")).await;
    }
    let listed = ann.get("/tasks?limit=200").await.expect(200).json();
    let kept = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|t| t["title"].as_str().unwrap().starts_with("kept"));
    assert_eq!(kept.count(), 30);
}
