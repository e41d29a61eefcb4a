//! `POST /auth/login`.

use futures_util::future::join_all;
use reqwest::{Method, multipart::Form};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{PASSWORD, send},
        dump,
        runner::Engine,
    },
};

cases![
    a_form_gets_a_token,
    multipart_will_do_too,
    every_wrong_login_has_one_answer,
    what_oauth2_says_of_forms,
    other_media_types_are_refused,
    a_broken_form_is_malformed,
    a_hash_of_another_cost_is_replaced_at_the_next_login,
];

async fn a_form_gets_a_token(app: TestApp) {
    let ann = app.user("ann").await;
    let answer = app
        .anonymous()
        .try_log_in("ANN@example.com ", PASSWORD)
        .await
        .expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let token = answer.json();
    assert_eq!(token["token_type"], "bearer");
    assert_eq!(token["expires_in"], 900);
    assert!(token["refresh_token"].is_string());
    assert_eq!(token.as_object().unwrap().len(), 4);
    assert_eq!(
        token["access_token"].as_str().unwrap().split('.').count(),
        3
    );
    assert_ne!(
        token["access_token"],
        ann.token.clone().unwrap(),
        "each has its own jti"
    );
    let me = ann.get("/auth/me").await.expect(200);
    assert_eq!(me.header("cache-control"), Some("no-store"));
    assert_eq!(me.json()["email"], "ann@example.com");
}

async fn multipart_will_do_too(app: TestApp) {
    app.user("ann").await;
    let login = |form: Form| {
        send(
            app.anonymous()
                .request(Method::POST, "/auth/login")
                .multipart(form),
        )
    };
    let form = Form::new()
        .text("grant_type", "password")
        .text("username", "ann@example.com")
        .text("password", PASSWORD);
    login(form).await.expect(200);
    let form = Form::new().text("username", "ann@example.com");
    assert_eq!(login(form).await.faults(), ["/password required"]);
}

async fn every_wrong_login_has_one_answer(app: TestApp) {
    app.user("ann").await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("ann@example.com", "wrong password"),
        ("ann@example.com", "x"),
        ("ann@example.com", &"x".repeat(5000)),
        ("ann@example.com", &format!("{PASSWORD}\0")),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("\0", PASSWORD),
    ] {
        let answer = app.anonymous().try_log_in(email, password).await;
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"task-api\"")
        );
        let mut problem = answer.problem(401, "invalid_credentials");
        problem["request_id"].take();
        answers.push(problem);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer for all: {answers:?}");
}

async fn what_oauth2_says_of_forms(app: TestApp) {
    app.user("ann").await;
    let form = "username=ann%40example.com&password=correct+horse+battery+staple";
    let login = async |more: &str| {
        let media_type = "application/x-www-form-urlencoded";
        let body = format!("{form}{more}");
        app.anonymous()
            .raw(Method::POST, "/auth/login", media_type, &body)
            .await
    };
    login("").await.expect(200);
    login("&grant_type=password&scope=anything&client_id=&client_secret=")
        .await
        .expect(200);
    login("&grant_type=&unknown=is+ignored").await.expect(200);
    let faults = login("&grant_type=refresh_token").await.faults();
    assert_eq!(faults, ["/grant_type choice"]);
    assert_eq!(
        login("&username=bob").await.faults(),
        ["/username duplicate"]
    );
    let empty = app
        .anonymous()
        .raw(
            Method::POST,
            "/auth/login",
            "application/x-www-form-urlencoded",
            "username=&x=1",
        )
        .await;
    assert_eq!(empty.faults(), ["/username required", "/password required"]);
}

async fn other_media_types_are_refused(app: TestApp) {
    for media_type in ["application/xml", "text/plain", "multipart/mixed", "junk"] {
        let login = app
            .anonymous()
            .raw(Method::POST, "/auth/login", media_type, "{}")
            .await;
        let accepted = "application/x-www-form-urlencoded, multipart/form-data, application/json";
        assert_eq!(login.header("accept"), Some(accepted));
        login.problem(415, "unsupported_media_type");
    }
    let bare = app
        .anonymous()
        .request(Method::POST, "/auth/login")
        .body("username=a");
    send(bare).await.problem(415, "unsupported_media_type");
}

async fn a_broken_form_is_malformed(app: TestApp) {
    let post = async |media_type: &str, body: &str| {
        let answer = app
            .anonymous()
            .raw(Method::POST, "/auth/login", media_type, body)
            .await;
        answer.problem(400, "malformed_request");
    };
    post(
        "application/x-www-form-urlencoded",
        "username=%FF&password=x",
    )
    .await;
    post("multipart/form-data", "username=a").await;
    post("multipart/form-data; boundary=x", "--x\r\nbroken").await;
}

/// Also by many logins at once, all of which are right.
async fn a_hash_of_another_cost_is_replaced_at_the_next_login(engine: Engine) {
    let before = TestApp::start(engine, &[]);
    let ann = before.user("ann").await;
    let hashes = || dump::lines(&before.database, "SELECT password_hash AS line FROM users");
    assert!(hashes()[0].starts_with("$2b$04$"));
    let app = before.second(&[("APP_AUTH__BCRYPT_COST", "6")]);
    let client = app.anonymous();
    client
        .try_log_in("ann@example.com", "wrong password")
        .await
        .expect(401);
    assert!(hashes()[0].starts_with("$2b$04$"), "that proves nothing");
    let logins = (0..8).map(|_| client.try_log_in("ann@example.com", PASSWORD));
    for login in join_all(logins).await {
        login.expect(200);
    }
    let replaced = hashes();
    assert!(replaced[0].starts_with("$2b$06$"), "{replaced:?}");
    client.log_in("ann@example.com", PASSWORD).await;
    assert_eq!(hashes(), replaced);
    ann.is_in().await;
}
