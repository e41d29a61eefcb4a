//! `POST /auth/register`.

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    cases,
    support::{app::TestApp, client::PASSWORD},
};

cases![
    an_account_is_made_without_showing_the_password,
    an_address_is_taken_whatever_its_case,
    of_twenty_at_once_one_wins,
    every_wrong_member_is_named,
    the_bounds_of_a_password,
    the_password_is_kept_as_a_bcrypt_hash_alone,
];

async fn an_account_is_made_without_showing_the_password(app: TestApp) {
    let body = json!({ "email": " Ann@Example.com ", "password": PASSWORD });
    let answer = app
        .anonymous()
        .post("/auth/register", &body)
        .await
        .expect(201);
    assert_eq!(answer.header("location"), Some("/auth/me"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let user = answer.json();
    assert_eq!(user["email"], "ann@example.com");
    assert!(user["id"].as_i64().unwrap() > 0);
    let members: Vec<&String> = user.as_object().unwrap().keys().collect();
    assert_eq!(members, ["id", "email", "created_at"]);
    let created = user["created_at"].as_str().unwrap();
    assert!(created.len() == 27 && created.ends_with('Z'), "{created}");
}

async fn an_address_is_taken_whatever_its_case(app: TestApp) {
    app.user("ann").await;
    for email in ["ann@example.com", "ANN@EXAMPLE.COM", "\tAnn@example.com "] {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = app.anonymous().post("/auth/register", &body).await;
        answer.problem(400, "email_taken");
    }
}

async fn of_twenty_at_once_one_wins(app: TestApp) {
    let client = app.anonymous();
    let body = json!({ "email": "ann@example.com", "password": PASSWORD });
    let answers = join_all((0..20).map(|_| client.post("/auth/register", &body))).await;
    let made = answers.iter().filter(|a| a.status == 201).count();
    let taken = answers.iter().filter(|a| a.status == 400).count();
    assert_eq!((made, taken), (1, 19));
    client.log_in("ann@example.com", PASSWORD).await;
}

async fn every_wrong_member_is_named(app: TestApp) {
    let register = async |body| app.anonymous().post("/auth/register", &body).await.faults();
    assert_eq!(
        register(json!({})).await,
        ["/email required", "/password required"]
    );
    assert_eq!(
        register(json!({ "email": 7, "password": null })).await,
        ["/email type", "/password null"]
    );
    let unknown = json!({ "email": "ann", "password": "short", "is_admin": true });
    assert_eq!(
        register(unknown).await,
        ["/email format", "/password length", "/is_admin unknown"]
    );
    for (email, fault) in [
        ("", "/email length"),
        ("@example.com", "/email format"),
        ("ann@", "/email format"),
        ("ann@-example.com", "/email format"),
        ("ann@example..com", "/email format"),
        ("ann b@example.com", "/email format"),
        ("änn@example.com", "/email format"),
        ("ann@exa_mple.com", "/email format"),
        ("ann@example.com\u{0}", "/email characters"),
    ] {
        let body = json!({ "email": email, "password": PASSWORD });
        assert_eq!(register(body).await, [fault], "{email:?}");
    }
    let longest = format!("{}@{}.com", "a".repeat(186), "b".repeat(63));
    let long = json!({ "email": format!("a{longest}"), "password": PASSWORD });
    assert_eq!(register(long).await, ["/email length"]);
    for email in [longest.as_str(), "ann+tag@localhost"] {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = app.anonymous().post("/auth/register", &body).await;
        assert_eq!(answer.expect(201).json()["email"], email);
    }
    let misspelt = json!({ "emial": "ann@example.com", "password": PASSWORD });
    let problem = app
        .anonymous()
        .post("/auth/register", &misspelt)
        .await
        .problem(422, "validation_failed");
    let hint = problem["errors"][1]["detail"].as_str().unwrap();
    assert!(hint.ends_with("did you mean email?"), "{hint}");
}

async fn the_bounds_of_a_password(app: TestApp) {
    for (name, password, right) in [
        ("a", "1234567".to_owned(), false),
        ("b", "12345678".to_owned(), true),
        ("c", "é".repeat(4), false),
        ("d", "x".repeat(72), true),
        ("e", "x".repeat(73), false),
        ("f", "é".repeat(37), false),
        ("g", "tab\u{0}zero!".to_owned(), false),
        ("h", "  blanks  ".to_owned(), true),
    ] {
        let email = format!("{name}@example.com");
        let body = json!({ "email": email, "password": password });
        let answer = app.anonymous().post("/auth/register", &body).await;
        if !right {
            answer.problem(422, "validation_failed");
            continue;
        }
        answer.expect(201);
        app.anonymous().log_in(&email, &password).await;
        let trimmed = app.anonymous().try_log_in(&email, password.trim()).await;
        let same = password.trim() == password;
        assert_eq!(trimmed.status == 200, same, "a password is never trimmed");
    }
}

async fn the_password_is_kept_as_a_bcrypt_hash_alone(app: TestApp) {
    app.user("ann").await;
    assert_eq!(
        app.database
            .count("FROM users WHERE password_hash LIKE '$2b$04$%'"),
        1
    );
    let shown = format!("FROM users WHERE password_hash LIKE '%{PASSWORD}%'");
    assert_eq!(app.database.count(&shown), 0);
}
