//! The two token endpoints as OAuth2 libraries and apps use them: JSON, and the failures of RFC 6749.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        answer::Answer, app::TestApp, client::PASSWORD, documented::document,
        held_connection::HeldConnection, runner::Engine,
    },
};

cases![
    json_gets_a_token_too,
    json_is_read_strictly,
    a_failed_login_says_so_to_libraries,
    a_failed_refresh_says_so_to_libraries,
    faults_of_the_service_say_so_to_libraries,
    other_operations_have_no_such_members,
    the_members_are_documented,
];

const FORM: &str = "application/x-www-form-urlencoded";
const PATHS: [&str; 2] = ["/auth/login", "/auth/refresh"];

async fn json_gets_a_token_too(app: TestApp) {
    app.user("ann").await;
    let anonymous = app.anonymous();
    let login = json!({ "username": "ANN@example.com ", "password": PASSWORD });
    let ann = anonymous.post("/auth/login", &login).await.expect(200);
    assert_eq!(ann.header("cache-control"), Some("no-store"));
    let ann = anonymous.with_pair(&ann);
    ann.get("/auth/me").await.expect(200);
    let all = json!({
        "grant_type": "password", "username": "ann@example.com", "password": PASSWORD, "scope": "",
    });
    anonymous.post("/auth/login", &all).await.expect(200);
    let refresh = json!({ "grant_type": "refresh_token", "refresh_token": ann.refresh_token });
    let pair = anonymous.post("/auth/refresh", &refresh).await.expect(200);
    ann.with_pair(&pair).is_in().await;
}

async fn json_is_read_strictly(app: TestApp) {
    app.user("ann").await;
    let post = async |path: &str, body: &str| {
        let anonymous = app.anonymous();
        anonymous
            .raw(Method::POST, path, "application/json", body)
            .await
    };
    let refused = |answer: Answer, error: &str| {
        assert_eq!(answer.json()["error"], error);
        answer.faults()
    };
    for (body, error, faults) in [
        (
            "{}",
            "invalid_request",
            vec!["/username required", "/password required"],
        ),
        ("[]", "invalid_request", vec![" type"]),
        (
            r#"{"email":"a","password":"b"}"#,
            "invalid_request",
            vec!["/username required", "/email unknown"],
        ),
        (
            r#"{"username":"a","username":"a","password":"b"}"#,
            "invalid_request",
            vec!["/username duplicate"],
        ),
        (
            r#"{"username":7,"password":null}"#,
            "invalid_request",
            vec!["/username type", "/password null"],
        ),
        (
            r#"{"username":"a","password":"b","grant_type":"client_credentials"}"#,
            "unsupported_grant_type",
            vec!["/grant_type choice"],
        ),
    ] {
        let answer = post("/auth/login", body).await;
        assert_eq!(refused(answer, error), faults, "{body}");
    }
    let answer = post("/auth/refresh", r#"{"refresh_token":"x","client_id":"y"}"#).await;
    let faults = ["/grant_type required", "/client_id unknown"];
    assert_eq!(refused(answer, "invalid_request"), faults);
    for path in PATHS {
        let broken = post(path, "{").await.problem(400, "malformed_request");
        assert_eq!(broken["error"], "invalid_request");
    }
}

/// The members for libraries: one of the codes, and the detail in the characters that are allowed.
#[track_caller]
fn is_oauth(problem: &Value, error: &str) {
    assert_eq!(problem["error"], error, "{problem}");
    let description = problem["error_description"].as_str().unwrap();
    let is_allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
    assert!(description.chars().all(is_allowed), "{description}");
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!(description.chars().count(), detail.chars().count());
}

async fn a_failed_login_says_so_to_libraries(app: TestApp) {
    app.user("ann").await;
    let post = async |media_type: &str, path: &str, body: &str| {
        let anonymous = app.anonymous();
        anonymous.raw(Method::POST, path, media_type, body).await
    };
    let path = "/auth/login";
    let right = "username=ann%40example.com&password=correct+horse+battery+staple";
    let wrong = "username=ann%40example.com&password=wrong";
    let wrong = post(FORM, path, wrong)
        .await
        .problem(401, "invalid_credentials");
    is_oauth(&wrong, "invalid_grant");
    let json = json!({ "username": "nobody@example.com", "password": "wrong" });
    let wrong = app.anonymous().post(path, &json).await;
    is_oauth(&wrong.problem(401, "invalid_credentials"), "invalid_grant");
    for (body, error) in [
        ("", "invalid_request"),
        ("username=a", "invalid_request"),
        (&*format!("{right}&username=b"), "invalid_request"),
        (
            &*format!("{right}&grant_type=authorization_code"),
            "unsupported_grant_type",
        ),
        ("grant_type=client_credentials", "unsupported_grant_type"),
        (
            &*format!("{right}&grant_type=password&grant_type=password"),
            "invalid_request",
        ),
    ] {
        let problem = post(FORM, path, body)
            .await
            .problem(422, "validation_failed");
        is_oauth(&problem, error);
    }
    for (status, code, answer) in [
        (
            400,
            "malformed_request",
            post(FORM, path, "username=%FF").await,
        ),
        (
            415,
            "unsupported_media_type",
            post("text/plain", path, right).await,
        ),
        (
            422,
            "validation_failed",
            post(FORM, "/auth/login?x=1", right).await,
        ),
        (
            413,
            "payload_too_large",
            post(FORM, path, &"x".repeat(1_048_577)).await,
        ),
    ] {
        is_oauth(&answer.problem(status, code), "invalid_request");
    }
    // What is shown of a request may hold anything.
    let odd = json!({ "username": "a", "password": "b", "käse \"\\ 🦀\n": 1 });
    let odd = app.anonymous().post(path, &odd).await;
    let odd = odd.problem(422, "validation_failed");
    is_oauth(&odd, "invalid_request");
    let description = odd["error_description"].as_str().unwrap();
    assert!(description.starts_with("k?se '/ ?? "), "{description}");
}

async fn a_failed_refresh_says_so_to_libraries(app: TestApp) {
    let ann = app.user("ann").await;
    let refused = ann.try_refresh("tmr_x").await;
    is_oauth(&refused.problem(401, "invalid_token"), "invalid_grant");
    ann.call(Method::POST, "/auth/logout", &[], None)
        .await
        .expect(204);
    let refused = ann.refresh().await.problem(401, "invalid_token");
    is_oauth(&refused, "invalid_grant");
    let path = "/auth/refresh";
    for (body, error) in [
        ("grant_type=refresh_token", "invalid_request"),
        (
            "grant_type=password&refresh_token=x",
            "unsupported_grant_type",
        ),
    ] {
        let answer = ann.raw(Method::POST, path, FORM, body).await;
        is_oauth(&answer.problem(422, "validation_failed"), error);
    }
}

async fn faults_of_the_service_say_so_to_libraries(engine: Engine) {
    let settings = [
        ("APP_AUTH__FAILURES_PER_ACCOUNT", "1"),
        ("APP_DATABASE__POOL_SIZE", "1"),
        ("APP_DATABASE__TIMEOUT_MS", "500"),
    ];
    let app = TestApp::start(engine, &settings);
    let ann = app.user("ann").await;
    let anonymous = app.anonymous();
    let login = async |password: &str| anonymous.try_log_in("ann@example.com", password).await;
    login("wrong").await.problem(401, "invalid_credentials");
    let blocked = login(PASSWORD).await.problem(429, "too_many_requests");
    is_oauth(&blocked, "temporarily_unavailable");
    let held = HeldConnection::of(&app).await;
    let busy = ann.refresh().await.problem(503, "unavailable");
    is_oauth(&busy, "temporarily_unavailable");
    held.release_late().await;
    app.database.execute("DROP TABLE refresh_tokens");
    let failed = ann.refresh().await.problem(500, "internal_error");
    is_oauth(&failed, "server_error");
}

async fn the_members_are_documented(_: TestApp) {
    let members = &document()["components"]["schemas"]["Problem"]["properties"];
    let errors = &members["error"]["enum"];
    let expected = [
        "invalid_grant",
        "invalid_request",
        "unsupported_grant_type",
        "temporarily_unavailable",
        "server_error",
    ];
    assert_eq!(*errors, json!(expected));
    assert_eq!(members["error_description"]["type"], "string");
    assert_eq!(members["conflicting_id"]["type"], "integer");
    for path in PATHS {
        let text = document()["paths"][path]["post"]["description"].as_str();
        assert!(text.unwrap().contains("invalid_grant"), "{path}");
    }
}

async fn other_operations_have_no_such_members(app: TestApp) {
    let ann = app.user("ann").await;
    for answer in [
        ann.get("/tasks/1").await,
        ann.with_token("x").get("/tasks").await,
        ann.post("/tasks", &json!({})).await,
        ann.post("/auth/register", &json!({})).await,
    ] {
        let problem = answer.json();
        assert_eq!(problem.get("error"), None, "{problem}");
        assert_eq!(problem.get("error_description"), None, "{problem}");
    }
    let get = ann.request(Method::GET, "/auth/login");
    let answer = Answer::read(get.send().await.unwrap()).await;
    answer.problem(405, "method_not_allowed");
}
