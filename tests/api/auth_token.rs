//! What opens `/auth/me` and `/tasks`, and what does not.

use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::{Method, header::HeaderValue};
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::{SECRET, TestApp},
        client::{PASSWORD, send},
        runner::Engine,
    },
};

cases![
    without_credentials_there_is_a_challenge,
    forged_and_stale_tokens_are_refused,
    a_token_ends_with_its_user,
    the_scheme_has_no_case,
    a_rotated_secret_still_verifies,
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
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
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

async fn forged_and_stale_tokens_are_refused(app: TestApp) {
    let ann = app.user("ann").await;
    let now = Utc::now().timestamp();
    let claims = |exp: i64| json!({ "sub": "ann@example.com", "iat": now, "exp": exp, "jti": "1" });
    let right = signed(&claims(now + 60), Algorithm::HS256, SECRET);
    ann.with_token(&right).get("/tasks").await.expect(200);
    let (_, payload) = right.split_once('.').unwrap();
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let (payload, _) = payload.split_once('.').unwrap();
    let mut no_exp = claims(0);
    no_exp.as_object_mut().unwrap().remove("exp");
    for forged in [
        format!("{unsigned}.{payload}."),
        signed(&claims(now + 60), Algorithm::HS256, "another-secret"),
        signed(&claims(now + 60), Algorithm::HS384, SECRET),
        signed(&claims(now - 6), Algorithm::HS256, SECRET),
        signed(&no_exp, Algorithm::HS256, SECRET),
        signed(
            &json!({ "sub": "nobody@example.com", "iat": now, "exp": now + 60, "jti": "1" }),
            Algorithm::HS256,
            SECRET,
        ),
        "nonsense".to_owned(),
        "a b".to_owned(),
    ] {
        for path in ["/auth/me", "/tasks", "/tasks/1"] {
            let answer = ann.with_token(&forged).get(path).await;
            let challenge = answer.header("www-authenticate").unwrap().to_owned();
            assert_eq!(challenge, "Bearer error=\"invalid_token\"");
            answer.problem(401, "invalid_token");
        }
    }
}

async fn a_token_ends_with_its_user(app: TestApp) {
    let ann = app.user("ann").await;
    app.database
        .execute("DELETE FROM users WHERE email = 'ann@example.com'");
    ann.get("/tasks").await.problem(401, "invalid_token");
    // Whoever registers the freed address next is out of reach for its old tokens.
    let hour_ago = Utc::now().timestamp() - 3600;
    let claims =
        json!({ "sub": "ann@example.com", "iat": hour_ago, "exp": hour_ago + 7200, "jti": "1" });
    let old = signed(&claims, Algorithm::HS256, SECRET);
    let next = app.user("ann").await;
    next.get("/tasks").await.expect(200);
    let answer = next.with_token(&old).get("/tasks").await;
    answer.problem(401, "invalid_token");
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
        send(request.header("authorization", value))
            .await
            .problem(401, "invalid_token");
    }
    let twice = ann.request(Method::GET, "/auth/me").bearer_auth("another");
    send(twice).await.problem(401, "invalid_token");
}

async fn a_rotated_secret_still_verifies(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let old = app.user("ann").await;
    let secrets = format!("a-new-secret-0123456789-0123456789,{SECRET}");
    let rotated = TestApp::start(engine, &[("APP_AUTH__JWT_SECRETS", &secrets)]);
    let new = rotated.user("ann").await;
    let token = old.token.clone().unwrap();
    rotated
        .anonymous()
        .with_token(&token)
        .get("/auth/me")
        .await
        .expect(200);
    let token = new.token.clone().unwrap();
    let answer = app.anonymous().with_token(&token).get("/auth/me").await;
    answer.problem(401, "invalid_token");
}

async fn a_token_says_no_more_than_it_must(app: TestApp) {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
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
    assert_eq!(claims, ["exp", "iat", "jti", "sid", "sub"]);
    assert_eq!(parts[1]["sub"], "ann@example.com");
    let life = parts[1]["exp"].as_i64().unwrap() - parts[1]["iat"].as_i64().unwrap();
    assert_eq!(life, 900);
}
