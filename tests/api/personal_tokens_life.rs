//! How long a personal access token works, and what is written down of its use.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use task_api::models::time::UtcTime;

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, PASSWORD},
        personal_token::create,
        runner::Engine,
    },
};

cases![
    a_use_is_written_down_once_a_minute,
    a_use_that_cannot_be_written_down_is_answered,
    a_use_waits_for_no_writer,
    an_expired_token_is_refused,
    a_known_token_ends_on_time,
    a_password_change_and_a_logout_leave_it,
    it_ends_with_the_account,
];

/// Forgets what the service remembers of the first user's tokens, so that a change behind its back is seen at once.
fn forget(app: &TestApp) {
    app.state.auth.identities.forget(1);
}

async fn last_used_at(ann: &Client) -> Value {
    let tokens = ann.all("/auth/tokens").await;
    tokens.last().expect("the first token")["last_used_at"].clone()
}

/// Waits until a use is written down after `earlier`: that happens beside the answer.
async fn used_after(ann: &Client, earlier: UtcTime) -> UtcTime {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let used = last_used_at(ann).await;
        if !used.is_null() && time(&used) > earlier {
            return time(&used);
        }
        assert!(Instant::now() < deadline, "{used} is not after {earlier}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until what was to be written down is: uses are written down one after the other.
async fn settled(ann: &Client) {
    let (made, program) = create(ann, &["tasks:read"]).await;
    let path = format!("/auth/tokens/{}", made["id"]);
    program.get("/tasks").await.expect(200);
    let deadline = Instant::now() + Duration::from_secs(30);
    while ann.all("/auth/tokens").await[0]["last_used_at"].is_null() {
        assert!(Instant::now() < deadline, "it is never written down");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ann.delete(&path).await.expect(204);
}

fn time(value: &Value) -> UtcTime {
    value.as_str().expect("a time").parse().expect("a time")
}

/// Sets a column of every token.
fn set(app: &TestApp, column: &str, time: UtcTime) {
    let text = time.to_string().replace('T', " ");
    let text = text.trim_end_matches('Z');
    let sql = format!("UPDATE personal_tokens SET {column} = '{text}'");
    app.database.execute(&sql);
    forget(app);
}

async fn a_use_is_written_down_once_a_minute(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let ann = app.user("ann").await;
    let (_, program) = create(&ann, &["tasks:read"]).await;
    assert_eq!(last_used_at(&ann).await, Value::Null);
    let before = UtcTime::now();
    // Refused for its scope, yet used.
    let refused = program.post("/tasks", &json!({ "title": "T" })).await;
    refused.problem(403, "insufficient_scope");
    let first = used_after(&ann, before.minus(Duration::from_micros(1))).await;
    assert!(first <= UtcTime::now());
    program.get("/tasks").await.expect(200);
    settled(&ann).await;
    assert_eq!(time(&last_used_at(&ann).await), first);
    let now = UtcTime::now();
    let earlier = now.minus(Duration::from_secs(30));
    set(&app, "last_used_at", earlier);
    program.get("/tasks").await.expect(200);
    settled(&ann).await;
    assert_eq!(time(&last_used_at(&ann).await), earlier);
    let earlier = now.minus(Duration::from_secs(61));
    set(&app, "last_used_at", earlier);
    program.get("/tasks").await.expect(200);
    assert!(used_after(&ann, earlier).await >= now);
}

async fn a_use_that_cannot_be_written_down_is_answered(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let ann = app.user("ann").await;
    let (_, program) = create(&ann, &["tasks:read"]).await;
    app.database.execute(match engine {
        Engine::Sqlite => {
            "CREATE TRIGGER refuse BEFORE UPDATE ON personal_tokens BEGIN
                 SELECT RAISE(FAIL, 'database or disk is full');
             END"
        }
        Engine::Postgres => {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN RAISE EXCEPTION ''No space left on device''; END';
             CREATE TRIGGER refuse BEFORE UPDATE ON personal_tokens
                 FOR EACH ROW EXECUTE FUNCTION refuse()"
        }
    });
    program.get("/tasks").await.expect(200);
    forget(&app);
    program.get("/tasks").await.expect(200);
    assert_eq!(last_used_at(&ann).await, Value::Null);
    app.database.execute(match engine {
        Engine::Sqlite => "DROP TRIGGER refuse",
        Engine::Postgres => "DROP TRIGGER refuse ON personal_tokens",
    });
    written_down_in_time(&app, &ann, &program).await;
}

/// Uses the token until that is written down.
async fn written_down_in_time(app: &TestApp, ann: &Client, program: &Client) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while last_used_at(ann).await.is_null() {
        assert!(Instant::now() < deadline, "it is never written down");
        forget(app);
        program.get("/tasks").await.expect(200);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Nor do the uses of many tokens take the connections of readers.
async fn a_use_waits_for_no_writer(engine: Engine) {
    let timeout = Duration::from_secs(5);
    let settings = [
        ("APP_DATABASE__TIMEOUT_MS", "5000"),
        ("APP_DATABASE__POOL_SIZE", "2"),
    ];
    let app = TestApp::start(engine, &settings);
    let ann = app.user("ann").await;
    let mut programs = Vec::new();
    for _ in 0..5 {
        programs.push(create(&ann, &["tasks:read"]).await.1);
    }
    let mut other = app.database.connect();
    let lock = match engine {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN; SELECT id FROM personal_tokens FOR UPDATE",
    };
    other.batch_execute(lock).unwrap();
    for _ in 0..2 {
        for program in &programs {
            let sent = Instant::now();
            program.get("/tasks").await.expect(200);
            let waited = sent.elapsed();
            assert!(waited < timeout / 2, "{waited:?}");
        }
        forget(&app);
    }
    assert_eq!(last_used_at(&ann).await, Value::Null);
    other.batch_execute("ROLLBACK").unwrap();
    written_down_in_time(&app, &ann, &programs[0]).await;
}

async fn an_expired_token_is_refused(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let ann = app.user("ann").await;
    let (_, program) = create(&ann, &["tasks:read"]).await;
    program.get("/tasks").await.expect(200);
    set(&app, "expires_at", UtcTime::now());
    for path in ["/tasks", "/auth/me"] {
        program.get(path).await.problem(401, "invalid_token");
    }
    let path = format!("/auth/tokens/{}", ann.all("/auth/tokens").await[0]["id"]);
    ann.delete(&path).await.expect(204);
}

/// The service knows it, but also when it ends.
async fn a_known_token_ends_on_time(app: TestApp) {
    let ann = app.user("ann").await;
    let (made, expires_at) = loop {
        let expires_at = UtcTime::now().plus(Duration::from_secs(1));
        let body = json!({ "name": "N", "scopes": ["tasks:read"], "expires_at": expires_at });
        let made = ann.post("/auth/tokens", &body).await;
        // On a machine that slept the second away.
        if made.status == 201 {
            break (made.json(), expires_at);
        }
    };
    let program = ann.with_token(made["token"].as_str().unwrap());
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        assert!(Instant::now() < deadline, "it never ends");
        let sent = UtcTime::now();
        let answer = program.get("/tasks").await;
        match answer.status.as_u16() {
            200 => assert!(sent < expires_at, "sent after the end"),
            _ => {
                answer.problem(401, "invalid_token");
                assert!(UtcTime::now() >= expires_at, "refused before the end");
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_password_change_and_a_logout_leave_it(app: TestApp) {
    let ann = app.user("ann").await;
    let (_, program) = create(&ann, &["tasks:read", "tasks:write"]).await;
    let body = json!({ "current_password": PASSWORD, "new_password": "another password" });
    ann.post("/auth/password", &body).await.expect(204);
    program.get("/tasks").await.expect(200);
    let global = ann.request(reqwest::Method::POST, "/auth/logout?scope=global");
    crate::support::client::send(global).await.expect(204);
    ann.get("/auth/me").await.problem(401, "invalid_token");
    program.task("T").await;
    // Nor does a new address: it names the user by id.
    let again = app.anonymous();
    let ann = again.log_in("ann@example.com", "another password").await;
    let body = json!({ "email": "eve@example.com", "current_password": "another password" });
    ann.patch("/auth/me", &body).await.expect(200);
    let me = program.get("/auth/me").await.expect(200).json();
    assert_eq!(me["email"], "eve@example.com");
}

async fn it_ends_with_the_account(app: TestApp) {
    let ann = app.user("ann").await;
    let (_, program) = create(&ann, &["tasks:read"]).await;
    program.get("/tasks").await.expect(200);
    let body = json!({ "current_password": PASSWORD });
    let request = ann.request(reqwest::Method::DELETE, "/auth/me").json(&body);
    crate::support::client::send(request).await.expect(204);
    program.get("/tasks").await.problem(401, "invalid_token");
    app.user("ann").await;
    program.get("/tasks").await.problem(401, "invalid_token");
    assert_eq!(app.database.count("FROM personal_tokens"), 0);
}
