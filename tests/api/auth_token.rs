//! What opens `/auth/me` and `/tasks`, and what does not.

use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::{Method, header::HeaderValue};
use serde_json::{Value, json};
use task_api::models::opaque_token::{Kind, OpaqueToken};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::{SECRET, TestApp},
        client::{Client, PASSWORD, ago, send},
        personal_token::create,
    },
};

cases![
    without_credentials_there_is_a_challenge,
    forged_and_stale_tokens_are_refused,
    a_token_is_taken_for_what_it_is_alone,
    a_token_ends_with_its_user,
    a_revoked_token_is_told_so,
    a_refresh_token_is_told_why,
    a_personal_token_is_told_why,
    the_scheme_has_no_case,
    a_secret_is_rotated_without_logging_anyone_out,
    a_token_says_no_more_than_it_must,
];

fn signed(claims: &Value, algorithm: Algorithm, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(algorithm), claims, &key).unwrap()
}

async fn without_credentials_there_is_a_challenge(app: TestApp) {
    let anonymous = app.anonymous();
    for path in ["/auth/me", "/tasks", "/tasks/1", "/tasks/no-id"] {
        let answer = anonymous.get(path).await;
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"task-api\"")
        );
        answer.problem(401, "not_authenticated");
    }
    let basic = anonymous
        .request(Method::GET, "/tasks")
        .basic_auth("ann", Some("x"));
    send(basic).await.problem(401, "not_authenticated");
    // Whatever else is wrong with it.
    let wrong = anonymous
        .raw(Method::POST, "/tasks?x=1", "text/plain", "{")
        .await;
    wrong.problem(401, "not_authenticated");
}

/// What a token of Ann's in the session `sid` says.
fn claims(sid: impl Into<Value>, iat: i64, exp: i64) -> Value {
    json!({ "sub": "ann@example.com", "iat": iat, "exp": exp, "jti": "1", "sid": sid.into() })
}

/// `claims` with another member, or without it where that is null.
fn but(claims: &Value, member: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    let members = claims.as_object_mut().unwrap();
    match value {
        Value::Null => members.remove(member),
        value => members.insert(member.to_owned(), value),
    };
    claims
}

const WHY: [&str; 3] = ["malformed", "expired", "revoked"];

/// Both the problem and its challenge say `why`, and nothing else.
#[track_caller]
fn refused_as(why: &str, answer: Answer) {
    let challenge = answer.header("www-authenticate").unwrap().to_owned();
    let problem = answer.problem(401, "invalid_token");
    let detail = problem["detail"].as_str().unwrap();
    let said: Vec<&str> = WHY.into_iter().filter(|why| detail.contains(why)).collect();
    assert_eq!(said, [why], "{detail}");
    let expected = format!(
        "Bearer realm=\"task-api\", error=\"invalid_token\", error_description=\"{detail}\""
    );
    assert_eq!(challenge, expected);
}

async fn is_refused(client: &Client, token: &str, why: &str) {
    for path in ["/auth/me", "/tasks", "/tasks/1", "/auth/sessions"] {
        let answer = client.with_token(token).get(path).await;
        refused_as(why, answer);
    }
}

async fn forged_and_stale_tokens_are_refused(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let now = Utc::now().timestamp();
    let sid = ann.session().await;
    let good = claims(sid, now, now + 60);
    let sign = |claims: &Value| signed(claims, Algorithm::HS256, SECRET);
    let right = sign(&good);
    // A key need not be named.
    ann.with_token(&right).get("/tasks").await.expect(200);
    let (_, payload) = right.split_once('.').unwrap();
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let (payload, signature) = payload.split_once('.').unwrap();
    let unknown_key = Header {
        kid: Some("unknown".to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    let critical = Header {
        crit: Some(vec!["exp".to_owned()]),
        ..Header::new(Algorithm::HS256)
    };
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let ended = app.anonymous().log_in("ann@example.com", PASSWORD).await;
    let ended = ended.session().await;
    let path = format!("/auth/sessions/{ended}");
    ann.delete(&path).await.expect(204);
    let stale = claims(sid, now - 60, now - 6);
    for (why, tokens) in [
        (
            "malformed",
            vec![
                format!("{unsigned}.{payload}."),
                format!("{unsigned}.{payload}.{signature}"),
                format!("{right}x"),
                signed(&good, Algorithm::HS256, "another-secret"),
                signed(&good, Algorithm::HS384, SECRET),
                signed(&good, Algorithm::HS512, SECRET),
                encode(&unknown_key, &good, &key).unwrap(),
                encode(&critical, &good, &key).unwrap(),
                sign(&but(&good, "nbf", json!(now + 30))),
                sign(&claims(sid.to_string(), now, now + 60)),
                sign(&claims(json!([sid]), now, now + 60)),
                sign(&claims(u64::MAX, now, now + 60)),
                sign(&but(&good, "sid", Value::Null)),
                sign(&but(&good, "sub", Value::Null)),
                sign(&but(&good, "exp", Value::Null)),
                sign(&but(&good, "iat", Value::Null)),
                sign(&but(&good, "jti", Value::Null)),
                sign(&but(&good, "exp", json!("never"))),
                "nonsense".to_owned(),
                "a.b.c".to_owned(),
                right.replace('.', ".."),
                "a b".to_owned(),
                // What is forged is not told that it has expired, or that its session has ended.
                signed(&stale, Algorithm::HS256, "another-secret"),
                signed(
                    &claims(ended, now, now + 60),
                    Algorithm::HS256,
                    "another-secret",
                ),
                format!("{}x", sign(&stale)),
                encode(&critical, &stale, &key).unwrap(),
            ],
        ),
        (
            "expired",
            vec![
                sign(&stale),
                sign(&claims(ended, now - 60, now - 6)),
                sign(&but(&stale, "sub", json!("nobody@example.com"))),
            ],
        ),
        (
            "revoked",
            vec![
                sign(&but(&good, "sub", json!("nobody@example.com"))),
                sign(&but(&good, "sub", json!("bob@example.com"))),
                sign(&but(&good, "sub", json!("ANN@example.com"))),
                sign(&claims(bob.session().await, now, now + 60)),
                sign(&claims(ended, now, now + 60)),
                sign(&claims(0, now, now + 60)),
                sign(&claims(-1, now, now + 60)),
                sign(&claims(i64::MAX, now, now + 60)),
            ],
        ),
    ] {
        for token in tokens {
            is_refused(&ann, &token, why).await;
        }
    }
    ann.is_in().await;
}

async fn a_token_is_taken_for_what_it_is_alone(app: TestApp) {
    let ann = app.user("ann").await;
    let refresh = ann.refresh_token.clone().unwrap();
    let created = ann.personal_token().await;
    let token = created["token"].as_str().unwrap();
    let mut mistyped = token.to_owned();
    let typed = if token.as_bytes()[30] == b'A' {
        "B"
    } else {
        "A"
    };
    mistyped.replace_range(30..31, typed);
    for wrong in [
        &*refresh,
        &refresh.replacen("tmr_", "tma_", 1),
        &token.replacen("tma_", "tmr_", 1),
        &token[4..],
        &token[..63],
        &format!("{token}A"),
        &mistyped,
        "tma_",
    ] {
        is_refused(&ann, wrong, "malformed").await;
    }
    let personal = ann.with_token(token);
    personal.get("/auth/me").await.expect(200);
    for (method, path) in [
        (Method::GET, "/auth/sessions"),
        (Method::GET, "/auth/tokens"),
        (Method::GET, "/auth/events"),
        (Method::POST, "/auth/logout"),
        (Method::POST, "/auth/tokens"),
        (Method::POST, "/auth/password"),
        (Method::PATCH, "/auth/me"),
        (Method::DELETE, "/auth/me"),
        (Method::DELETE, "/auth/sessions/1"),
        (Method::DELETE, "/auth/tokens/1"),
    ] {
        let answer = send(personal.request(method, path)).await;
        answer.problem(403, "insufficient_scope");
    }
    personal.get("/tasks").await.expect(200);
    ann.is_in().await;
}

async fn a_token_ends_with_its_user(app: TestApp) {
    let ann = app.user("ann").await;
    let session = ann.claims()["sid"].clone();
    app.database
        .execute("DELETE FROM users WHERE email = 'ann@example.com'");
    refused_as("revoked", ann.get("/tasks").await);
    // The next account with the freed address is out of reach for its old tokens.
    let hour_ago = Utc::now().timestamp() - 3600;
    let old = claims(session, hour_ago, hour_ago + 7200);
    let old = signed(&old, Algorithm::HS256, SECRET);
    let next = app.user("ann").await;
    next.get("/tasks").await.expect(200);
    let answer = next.with_token(&old).get("/tasks").await;
    refused_as("revoked", answer);
}

async fn a_revoked_token_is_told_so(app: TestApp) {
    let ann = app.user("ann").await;
    let another = || async { app.anonymous().log_in("ann@example.com", PASSWORD).await };
    let out = another().await;
    out.call(Method::POST, "/auth/logout", &[], None)
        .await
        .expect(204);
    refused_as("revoked", out.get("/tasks").await);
    let ended = another().await;
    let path = format!("/auth/sessions/{}", ended.session().await);
    ann.delete(&path).await.expect(204);
    refused_as("revoked", ended.get("/tasks").await);
    let renamed = json!({ "email": "eve@example.com", "current_password": PASSWORD });
    ann.patch("/auth/me", &renamed).await.expect(200);
    refused_as("revoked", ann.get("/tasks").await);
    let ann = ann.refreshed().await;
    let gone = json!({ "current_password": PASSWORD });
    ann.call(Method::DELETE, "/auth/me", &[], Some(&gone))
        .await
        .expect(204);
    refused_as("revoked", ann.get("/tasks").await);
    refused_as("revoked", ann.refresh().await);
}

async fn a_refresh_token_is_told_why(app: TestApp) {
    let ann = app.user("ann").await;
    let token = ann.refresh_token.clone().unwrap();
    let refresh = async |token: &str| app.anonymous().try_refresh(token).await;
    for wrong in ["x", &token[..63], &token.replace("tmr_", "tma_")] {
        refused_as("malformed", refresh(wrong).await);
    }
    // Anyone can make up one with the right checksum.
    let unknown = OpaqueToken::new(Kind::Refresh, 1, &[7; 32]);
    refused_as("revoked", refresh(unknown.expose()).await);
    let past = ago(60);
    app.database
        .execute(&format!("UPDATE sessions SET expires_at = {past}"));
    refused_as("expired", refresh(&token).await);
    let other = app.anonymous().log_in("ann@example.com", PASSWORD).await;
    other
        .call(Method::POST, "/auth/logout", &[], None)
        .await
        .expect(204);
    refused_as("revoked", other.refresh().await);
}

async fn a_personal_token_is_told_why(app: TestApp) {
    let ann = app.user("ann").await;
    let (made, program) = create(&ann, &["tasks:read"]).await;
    program.get("/tasks").await.expect(200);
    let unknown = OpaqueToken::new(Kind::Personal, 1, &[7; 32]);
    is_refused(&ann, unknown.expose(), "revoked").await;
    let path = format!("/auth/tokens/{}", made["id"]);
    ann.delete(&path).await.expect(204);
    refused_as("revoked", program.get("/tasks").await);
    let (_, program) = create(&ann, &["tasks:read"]).await;
    let past = ago(1);
    app.database
        .execute(&format!("UPDATE personal_tokens SET expires_at = {past}"));
    refused_as("expired", program.get("/tasks").await);
}

async fn the_scheme_has_no_case(app: TestApp) {
    let ann = app.user("ann").await;
    let token = ann.token.clone().unwrap();
    for line in [format!("bearer {token}"), format!("BEARER  {token}")] {
        let request = app.anonymous().request(Method::GET, "/auth/me");
        send(request.header("authorization", line))
            .await
            .expect(200);
    }
    for line in ["Bearer", "Bearer \u{e9}"] {
        let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
        let request = app.anonymous().request(Method::GET, "/auth/me");
        let answer = send(request.header("authorization", value)).await;
        refused_as("malformed", answer);
    }
    let twice = ann.request(Method::GET, "/auth/me").bearer_auth("another");
    refused_as("malformed", send(twice).await);
}

/// The steps of docs/security.md, each a replica on the same database.
async fn a_secret_is_rotated_without_logging_anyone_out(app: TestApp) {
    const NEW: &str = "a-new-secret-0123456789-0123456789";
    let step = |secrets: &str| app.second(&[("APP_AUTH__JWT_SECRETS", secrets)]);
    let (added, first) = (
        step(&format!("{SECRET},{NEW}")),
        step(&format!("{NEW},{SECRET}")),
    );
    let done = step(NEW);
    let me = async |copy: &TestApp, client: &Client| client.at(&copy.base).get("/auth/me").await;
    let old = app.user("ann").await;
    let new = first.anonymous().log_in("ann@example.com", PASSWORD).await;
    for copy in [&app, &added, &first] {
        me(copy, &old).await.expect(200);
    }
    for copy in [&added, &first, &done] {
        me(copy, &new).await.expect(200);
    }
    // Too early or too late: one has to refresh, and no more.
    refused_as("malformed", me(&app, &new).await);
    refused_as("malformed", me(&done, &old).await);
    let refreshed = old.at(&done.base).refreshed().await;
    me(&done, &refreshed).await.expect(200);
}

async fn a_token_says_no_more_than_it_must(app: TestApp) {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let ann = app
        .user("ann")
        .await
        .log_in("ann@example.com", PASSWORD)
        .await;
    let token = ann.token.unwrap();
    let parts: Vec<Value> = token
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0]["alg"], "HS256");
    let claims: Vec<&String> = parts[1].as_object().unwrap().keys().collect();
    assert_eq!(claims, ["sub", "iat", "exp", "jti", "sid"]);
    assert_eq!(parts[1]["sub"], "ann@example.com");
    let life = parts[1]["exp"].as_i64().unwrap() - parts[1]["iat"].as_i64().unwrap();
    assert_eq!(life, 900);
}
