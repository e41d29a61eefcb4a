//! `/auth/tokens`: what a personal access token may be, and where it is seen.

use std::time::Duration;

use serde_json::{Value, json};
use task_api::models::{
    opaque_token::{Kind, OpaqueToken},
    time::UtcTime,
};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::Client,
        personal_token::{body, create},
    },
};

cases![
    a_token_is_shown_once,
    names_are_trimmed_and_bounded,
    scopes_are_known_and_distinct,
    an_end_is_required_and_not_far,
    what_is_no_member_is_refused,
    the_list_is_newest_first,
    the_list_has_pages,
    a_revoked_token_is_refused_at_once,
    a_mistyped_token_is_refused_without_a_query,
];

const DAY: u64 = 24 * 3600;

/// `body` with another `member`.
fn with(member: &str, value: Value) -> Value {
    let mut body = body(&["tasks:read"], 3600);
    body[member] = value;
    body
}

async fn faults(ann: &Client, body: &Value) -> Vec<String> {
    ann.post("/auth/tokens", body).await.faults()
}

async fn a_token_is_shown_once(app: TestApp) {
    let ann = app.user("ann").await;
    let before = UtcTime::now();
    let body = body(&["tasks:write", "tasks:read"], 3600);
    let answer = ann.post("/auth/tokens", &body).await.expect(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut made = answer.json();
    let location = format!("/auth/tokens/{}", made["id"]);
    assert_eq!(answer.header("location"), Some(&*location));
    let token = made["token"].take();
    let token = token.as_str().unwrap();
    assert!(token.starts_with("tma_"));
    assert_eq!(token.len(), 64);
    assert_eq!(made["name"], "a program");
    assert_eq!(made["scopes"], json!(["tasks:read", "tasks:write"]));
    assert_eq!(made["expires_at"], body["expires_at"]);
    assert_eq!(made["last_used_at"], Value::Null);
    let created_at: UtcTime = made["created_at"].as_str().unwrap().parse().unwrap();
    assert!(before <= created_at && created_at <= UtcTime::now());
    made.as_object_mut().unwrap().remove("token");
    let list = ann.get("/auth/tokens").await.expect(200);
    let (_, secret) = token.split_once('_').unwrap();
    let text = String::from_utf8_lossy(&list.body).into_owned();
    assert!(!text.contains(secret), "{text}");
    assert_eq!(list.json(), json!([made]));
    let program = ann.with_token(token);
    let me = program.get("/auth/me").await.expect(200);
    let me = me.json();
    assert_eq!(me["email"], "ann@example.com");
    let members = ["id", "name", "scopes", "expires_at"];
    let shown = members.map(|member| (member.to_owned(), made[member].clone()));
    assert_eq!(me["token"], Value::Object(shown.into_iter().collect()));
    // An access token of a login is none.
    assert_eq!(ann.get("/auth/me").await.json().get("token"), None);
}

async fn names_are_trimmed_and_bounded(app: TestApp) {
    let ann = app.user("ann").await;
    for (name, kept) in [
        (" backup\u{3000}", "backup".to_owned()),
        ("x", "x".to_owned()),
        (&*"🦀".repeat(100), "🦀".repeat(100)),
        (&*format!(" {} ", "x".repeat(100)), "x".repeat(100)),
    ] {
        let made = ann.post("/auth/tokens", &with("name", json!(name))).await;
        assert_eq!(made.expect(201).json()["name"], kept);
    }
    for (name, fault) in [
        (json!(""), "length"),
        (json!(" \u{2028} "), "length"),
        (json!("x".repeat(101)), "length"),
        (json!("a\0b"), "characters"),
        (json!(null), "null"),
        (json!(7), "type"),
    ] {
        let found = faults(&ann, &with("name", name.clone())).await;
        assert_eq!(found, [format!("/name {fault}")], "{name}");
    }
}

async fn scopes_are_known_and_distinct(app: TestApp) {
    let ann = app.user("ann").await;
    for (scopes, fault) in [
        (json!([]), "/scopes length"),
        (json!(["tasks:read", "tasks:read"]), "/scopes/1 duplicate"),
        (json!(["tasks:write", "tasks"]), "/scopes/1 choice"),
        (json!(["TASKS:READ"]), "/scopes/0 choice"),
        (json!([null]), "/scopes/0 null"),
        (json!([7]), "/scopes/0 type"),
        (
            json!(["tasks:read", "tasks:write", "tasks:read"]),
            "/scopes length",
        ),
        (json!("tasks:read"), "/scopes type"),
        (json!(null), "/scopes null"),
    ] {
        let found = faults(&ann, &with("scopes", scopes.clone())).await;
        assert_eq!(found, [fault], "{scopes}");
    }
    assert_eq!(ann.all("/auth/tokens").await, Vec::<Value>::new());
}

async fn an_end_is_required_and_not_far(app: TestApp) {
    let ann = app.user("ann").await;
    let now = UtcTime::now();
    let ahead = |seconds: u64| json!(now.plus(Duration::from_secs(seconds)));
    for (expires_at, fault) in [
        (json!(now.minus(Duration::from_secs(1))), "range"),
        (json!("1969-12-31T23:59:59Z"), "range"),
        // A day more, so that no slow machine makes it allowed on the way.
        (ahead(367 * DAY), "range"),
        (json!("2026-12-01"), "format"),
        (json!("tomorrow"), "format"),
        (json!(""), "format"),
        (json!(1_800_000_000), "type"),
        (json!(null), "null"),
    ] {
        let found = faults(&ann, &with("expires_at", expires_at.clone())).await;
        assert_eq!(found, [format!("/expires_at {fault}")], "{expires_at}");
    }
    // What is at most 366 days ahead now is so later too.
    let longest = with("expires_at", ahead(366 * DAY));
    ann.post("/auth/tokens", &longest).await.expect(201);
    let nothing = faults(&ann, &json!({})).await;
    let required = ["/name required", "/scopes required", "/expires_at required"];
    assert_eq!(nothing, required);
}

async fn what_is_no_member_is_refused(app: TestApp) {
    let ann = app.user("ann").await;
    for member in ["scope", "id", "token", "user_id", "last_used_at"] {
        let found = faults(&ann, &with(member, json!("x"))).await;
        assert_eq!(found, [format!("/{member} unknown")]);
    }
    let body = with("name", json!("x"));
    let query = ann.post("/auth/tokens?name=x", &body).await;
    assert_eq!(query.faults(), ["name unknown"]);
}

async fn the_list_is_newest_first(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    for name in ["first", "second", "third"] {
        let body = with("name", json!(name));
        ann.post("/auth/tokens", &body).await.expect(201);
    }
    create(&bob, &["tasks:read"]).await;
    let list = ann.get("/auth/tokens").await.expect(200).json();
    let names: Vec<&Value> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["name"])
        .collect();
    assert_eq!(names, ["third", "second", "first"]);
}

async fn the_list_has_pages(app: TestApp) {
    let ann = app.user("ann").await;
    for _ in 0..5 {
        create(&ann, &["tasks:read"]).await;
    }
    let whole = ann.get("/auth/tokens").await.expect(200);
    assert_eq!(whole.next(), None);
    let first = ann.get("/auth/tokens?limit=2").await.expect(200);
    assert_eq!(first.json().as_array().unwrap().len(), 2);
    let target = first.next().unwrap();
    // What goes and what comes changes no page further on.
    let gone = first.json()[1]["id"].clone();
    ann.delete(&format!("/auth/tokens/{gone}"))
        .await
        .expect(204);
    create(&ann, &["tasks:read"]).await;
    let mut walked = first.json().as_array().unwrap().clone();
    walked.extend(ann.all(&target).await);
    assert_eq!(json!(walked), whole.json());
    let elsewhere = target.replace("/auth/tokens", "/auth/sessions");
    assert_eq!(ann.get(&elsewhere).await.faults(), ["cursor cursor"]);
    let tag = whole.header("etag").unwrap();
    let fresh = ann.get("/auth/tokens").await.expect(200);
    assert_ne!(fresh.header("etag"), Some(tag));
    for wrong in ["limit=0", "limit=201", "limit=x"] {
        let list = ann.get(&format!("/auth/tokens?{wrong}")).await.faults();
        assert!(list[0].starts_with("limit "), "{list:?}");
    }
}

async fn a_revoked_token_is_refused_at_once(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let (token, program) = create(&ann, &["tasks:read"]).await;
    let (_, other) = create(&ann, &["tasks:read"]).await;
    let path = format!("/auth/tokens/{}", token["id"]);
    program.get("/tasks").await.expect(200);
    bob.delete(&path).await.problem(404, "not_found");
    program.get("/tasks").await.expect(200);
    ann.delete(&path).await.expect(204);
    let refused = program.get("/tasks").await;
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    refused.problem(401, "invalid_token");
    ann.delete(&path).await.problem(404, "not_found");
    for id in ["0", "-1", "x", "99999999999999999999999999"] {
        let path = format!("/auth/tokens/{id}");
        ann.delete(&path).await.problem(404, "not_found");
    }
    other.get("/tasks").await.expect(200);
    assert_eq!(ann.all("/auth/tokens").await.len(), 1);
}

/// With its table gone, a look for a token fails: so it shows who looks.
async fn a_mistyped_token_is_refused_without_a_query(app: TestApp) {
    let ann = app.user("ann").await;
    let (token, _) = create(&ann, &["tasks:read"]).await;
    let token = token["token"].as_str().unwrap();
    app.database
        .execute("ALTER TABLE personal_tokens RENAME TO hidden_tokens");
    let unknown = OpaqueToken::new(Kind::Personal, 1, &[7; 32]);
    for asked in [token, unknown.expose()] {
        let answer = ann.with_token(asked).get("/tasks").await;
        answer.problem(500, "internal_error");
    }
    let last = if token.ends_with('A') { 'B' } else { 'A' };
    let (start, end) = token.split_at(63);
    let mut swapped: Vec<char> = token.chars().collect();
    let at = (4..63).find(|at| swapped[*at] != swapped[at + 1]).unwrap();
    swapped.swap(at, at + 1);
    for mistyped in [
        start.to_owned(),
        format!("{start}{last}"),
        format!("{token}{end}"),
        swapped.into_iter().collect(),
        token.to_uppercase(),
        token.replacen("tma_", "tmr_", 1),
        token.replacen("tma_", "", 1),
        "tma_".to_owned(),
        format!("{token}="),
    ] {
        let answer = ann.with_token(&mistyped).get("/tasks").await;
        answer.problem(401, "invalid_token");
    }
    let refresh = OpaqueToken::new(Kind::Refresh, 1, &[7; 32]);
    let answer = ann.with_token(refresh.expose()).get("/tasks").await;
    answer.problem(401, "invalid_token");
}
