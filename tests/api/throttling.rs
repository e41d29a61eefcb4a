//! Failed logins are counted, for each account and address, and past the limit no attempt looks at a
//! password.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, PASSWORD, send},
        dump,
        personal_token::create,
        runner::Engine,
    },
};

cases![
    after_the_failures_right_and_wrong_are_refused_alike,
    after_the_window_it_begins_anew,
    only_failures_count,
    whoever_is_unknown_is_counted_too,
    case_and_blanks_make_no_other_account,
    a_wrong_current_password_is_a_failure_too,
    tokens_go_on_while_logins_are_refused,
    replicas_share_the_count,
    a_crowd_gets_no_further_than_one,
    a_crowd_at_two_replicas_gets_no_further_than_one,
    what_is_over_is_purged,
    the_table_holds_no_address,
];

const ANN: &str = "ann@example.com";
const WRONG: &str = "a wrong password";

/// A service that takes three failures.
fn strict(engine: Engine) -> TestApp {
    TestApp::start(engine, &[("APP_AUTH__FAILURES_PER_ACCOUNT", "3")])
}

async fn fail(client: &Client, email: &str, times: usize) {
    for _ in 0..times {
        let answer = client.try_log_in(email, WRONG).await;
        answer.problem(401, "invalid_credentials");
    }
}

/// Checks the headers of a limit.
#[track_caller]
pub fn limited(answer: Answer, policy: &str, quota: u32, window: u64) {
    let header = |name: &str| answer.header(name).expect(name).to_owned();
    let wait: u64 = header("retry-after").parse().unwrap();
    assert!((1..=window).contains(&wait), "{wait}");
    assert_eq!(header("ratelimit"), format!("\"{policy}\";r=0;t={wait}"));
    let limit = format!("\"{policy}\";q={quota};w={window}");
    assert_eq!(header("ratelimit-policy"), limit);
    answer.problem(429, "too_many_requests");
}

/// As if the window had gone by.
pub fn end_windows(app: &TestApp) {
    app.database
        .execute("UPDATE throttles SET ends_at = '2020-01-01 00:00:00'");
}

/// How often something was counted, for each bucket in turn.
fn buckets_with(app: &TestApp, hits: usize) -> i64 {
    app.database
        .count(&format!("FROM throttles WHERE hits = {hits}"))
}

async fn after_the_failures_right_and_wrong_are_refused_alike(engine: Engine) {
    let app = strict(engine);
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    fail(&ann, ANN, 3).await;
    for password in [WRONG, PASSWORD, "x"] {
        let answer = ann.try_log_in(ANN, password).await;
        limited(answer, "login-account", 3, 900);
    }
    let answers = [
        ann.try_log_in(ANN, WRONG).await.json(),
        ann.try_log_in(ANN, PASSWORD).await.json(),
    ];
    assert_eq!(answers[0]["detail"], answers[1]["detail"]);
    // What was refused is not counted.
    assert_eq!(buckets_with(&app, 3), 2);
    bob.log_in("bob@example.com", PASSWORD).await;
}

async fn after_the_window_it_begins_anew(engine: Engine) {
    let app = strict(engine);
    let ann = app.user("ann").await;
    fail(&ann, ANN, 3).await;
    limited(ann.try_log_in(ANN, PASSWORD).await, "login-account", 3, 900);
    end_windows(&app);
    ann.log_in(ANN, PASSWORD).await;
    fail(&ann, ANN, 2).await;
    assert_eq!(buckets_with(&app, 2), 2);
    ann.log_in(ANN, PASSWORD).await;
    fail(&ann, ANN, 1).await;
    limited(ann.try_log_in(ANN, PASSWORD).await, "login-account", 3, 900);
}

async fn only_failures_count(engine: Engine) {
    let app = strict(engine);
    let ann = app.user("ann").await;
    for _ in 0..8 {
        ann.log_in(ANN, PASSWORD).await;
    }
    assert_eq!(app.database.count("FROM throttles"), 0);
    // Nor does a request that is none.
    let form = "username=ann%40example.com";
    let media_type = "application/x-www-form-urlencoded";
    for _ in 0..4 {
        let answer = ann.raw(Method::POST, "/auth/login", media_type, form).await;
        assert_eq!(answer.faults(), ["/password required"]);
    }
    assert_eq!(app.database.count("FROM throttles"), 0);
}

async fn whoever_is_unknown_is_counted_too(engine: Engine) {
    let app = strict(engine);
    let client = app.anonymous();
    for account in [
        "nobody@example.com",
        "no address",
        "\u{0}",
        &*"x".repeat(9000),
    ] {
        fail(&client, account, 3).await;
        let answer = client.try_log_in(account, WRONG).await;
        limited(answer, "login-account", 3, 900);
    }
    // Who registers the address meanwhile waits too: nobody learns that it was free.
    let body = json!({ "email": "nobody@example.com", "password": PASSWORD });
    client.post("/auth/register", &body).await.expect(201);
    let answer = client.try_log_in("nobody@example.com", PASSWORD).await;
    limited(answer, "login-account", 3, 900);
}

async fn case_and_blanks_make_no_other_account(engine: Engine) {
    let app = strict(engine);
    let ann = app.user("ann").await;
    for written in ["ANN@EXAMPLE.COM", " ann@example.com\t", "Ann@Example.Com "] {
        fail(&ann, written, 1).await;
    }
    for written in [ANN, "aNN@example.com", "\u{3000}ann@example.com"] {
        let answer = ann.try_log_in(written, PASSWORD).await;
        limited(answer, "login-account", 3, 900);
    }
    assert_eq!(app.database.count("FROM throttles"), 2);
}

async fn a_wrong_current_password_is_a_failure_too(engine: Engine) {
    let app = strict(engine);
    let ann = app.user("ann").await;
    let change = async |password: &str| {
        let body = json!({ "current_password": password, "new_password": "another password" });
        ann.post("/auth/password", &body).await
    };
    assert_eq!(
        change(WRONG).await.faults(),
        ["/current_password incorrect"]
    );
    let body = json!({ "email": "eve@example.com", "current_password": WRONG });
    let moved = ann.patch("/auth/me", &body).await;
    assert_eq!(moved.faults(), ["/current_password incorrect"]);
    fail(&ann, ANN, 1).await;
    limited(change(PASSWORD).await, "login-account", 3, 900);
    let moved = ann.patch("/auth/me", &body).await;
    limited(moved, "login-account", 3, 900);
    let delete = ann.request(Method::DELETE, "/auth/me");
    let delete = delete.json(&json!({ "current_password": PASSWORD }));
    limited(send(delete).await, "login-account", 3, 900);
    limited(ann.try_log_in(ANN, PASSWORD).await, "login-account", 3, 900);
    end_windows(&app);
    change(PASSWORD).await.expect(204);
}

async fn tokens_go_on_while_logins_are_refused(engine: Engine) {
    let app = strict(engine);
    let ann = app.user("ann").await;
    let (_, program) = create(&ann, &["tasks:read"]).await;
    let login = ann.try_log_in(ANN, PASSWORD).await.expect(200).json();
    fail(&ann, ANN, 3).await;
    limited(ann.try_log_in(ANN, PASSWORD).await, "login-account", 3, 900);
    ann.task("T").await;
    program.get("/tasks").await.expect(200);
    let refresh_token = login["refresh_token"].as_str().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ];
    let refresh = ann.request(Method::POST, "/auth/refresh").form(&form);
    let pair = send(refresh).await.expect(200).json();
    let fresh = ann.with_token(pair["access_token"].as_str().unwrap());
    fresh.get("/auth/me").await.expect(200);
}

async fn replicas_share_the_count(engine: Engine) {
    let limit = [("APP_AUTH__FAILURES_PER_ACCOUNT", "3")];
    let app = TestApp::start(engine, &limit);
    let second = app.second(&limit);
    let ann = app.user("ann").await;
    let elsewhere = second.anonymous();
    fail(&ann, ANN, 2).await;
    fail(&elsewhere, ANN, 1).await;
    for client in [&ann, &elsewhere] {
        let answer = client.try_log_in(ANN, PASSWORD).await;
        limited(answer, "login-account", 3, 900);
    }
}

/// Sends 40 wrong passwords at once; one more for each hash at work may get through, for each replica.
async fn crowd(app: &TestApp, clients: &[Client]) {
    let most = 5;
    let logins = (0..40).map(|n| clients[n % clients.len()].try_log_in(ANN, WRONG));
    let mut failures = 0;
    for answer in join_all(logins).await {
        match answer.status.as_u16() {
            401 => failures += 1,
            _ => limited(answer, "login-account", 5, 900),
        }
    }
    let cores = std::thread::available_parallelism().unwrap().get();
    let highest = most + cores * clients.len();
    assert!((most..=highest).contains(&failures), "{failures}");
    assert_eq!(
        buckets_with(app, failures),
        2,
        "each of {failures} is counted"
    );
    assert_eq!(app.database.count("FROM throttles"), 2);
}

async fn a_crowd_gets_no_further_than_one(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_AUTH__FAILURES_PER_ACCOUNT", "5")]);
    let ann = app.user("ann").await;
    crowd(&app, &[ann]).await;
}

async fn a_crowd_at_two_replicas_gets_no_further_than_one(engine: Engine) {
    let limit = [("APP_AUTH__FAILURES_PER_ACCOUNT", "5")];
    let app = TestApp::start(engine, &limit);
    let second = app.second(&limit);
    let ann = app.user("ann").await;
    crowd(&app, &[ann, second.anonymous()]).await;
}

async fn what_is_over_is_purged(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_TASKS__PURGE_SECONDS", "1")]);
    let ann = app.user("ann").await;
    fail(&ann, ANN, 1).await;
    end_windows(&app);
    fail(&ann, "bob@example.com", 1).await;
    let deadline = Instant::now() + Duration::from_secs(30);
    // That of the address began anew, and bob's is new: both stay.
    while app.database.count("FROM throttles") > 2 {
        assert!(Instant::now() < deadline, "nothing is purged");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(buckets_with(&app, 1), 2);
}

async fn the_table_holds_no_address(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let ann = app.user("ann").await;
    fail(&ann, ANN, 2).await;
    let text = dump::table(&app.database, "throttles");
    assert!(!text.is_empty());
    for told in [ANN, "example", "127.0.0.1", "login-account"] {
        let hex: String = told.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!text.contains(told) && !text.contains(&hex), "{told}");
    }
}
