//! A token ends while the body of a request that came with it is still on its way.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use task_api::models::time::UtcTime;

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, PASSWORD, send},
        raw::Held,
    },
};

cases![
    a_request_under_way_ends_with_its_session,
    a_request_under_way_ends_with_its_access_token,
    a_request_under_way_ends_with_its_personal_token,
    who_gets_a_freed_address_is_out_of_reach,
    a_slow_body_of_a_good_token_is_taken,
];

const UNAUTHORIZED: &str = "HTTP/1.1 401 Unauthorized";

fn token() -> Value {
    let expires_at = UtcTime::now().plus(Duration::from_secs(3600));
    json!({ "name": "t", "scopes": ["tasks:read", "tasks:write"], "expires_at": expires_at })
}

fn held(app: &TestApp, client: &Client, operation: &str, body: &Value) -> Held {
    let token = client.token.as_ref().unwrap();
    let head = format!(
        "{operation} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    );
    Held::begin(&app.base, &head, &body.to_string())
}

/// A request of each kind that changes something, under way.
fn all_held(app: &TestApp, client: &Client) -> Vec<Held> {
    let change = json!({ "current_password": PASSWORD, "new_password": "what an attacker wants" });
    let address = json!({ "current_password": PASSWORD, "email": "attacker@example.com" });
    let deletion = json!({ "current_password": PASSWORD });
    [
        ("POST /tasks", json!({ "title": "T" })),
        ("POST /auth/tokens", token()),
        ("POST /auth/password", change),
        ("PATCH /auth/me", address),
        ("DELETE /auth/me", deletion),
    ]
    .map(|(operation, body)| held(app, client, operation, &body))
    .into()
}

/// Gives the service the time to look at the tokens in the heads. Where it takes longer, it refuses a head.
async fn heads_arrive() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}

fn finish_refused(held: Vec<Held>) {
    for held in held {
        assert_eq!(held.finish(), UNAUTHORIZED);
    }
}

async fn a_request_under_way_ends_with_its_session(app: TestApp) {
    let ann = app.user("ann").await;
    let log_in = || ann.log_in("ann@example.com", PASSWORD);
    for path in ["/auth/logout", "/auth/logout?scope=global"] {
        let other = log_in().await;
        let held = all_held(&app, &other);
        heads_arrive().await;
        send(other.request(Method::POST, path)).await.expect(204);
        finish_refused(held);
    }
    let (ann, other) = (log_in().await, log_in().await);
    let held = all_held(&app, &other);
    heads_arrive().await;
    let change = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
    ann.post("/auth/password", &change).await.expect(204);
    finish_refused(held);
    assert_eq!(ann.get("/tasks").await.expect(200).json(), json!([]));
    assert_eq!(ann.get("/auth/tokens").await.expect(200).json(), json!([]));
}

async fn a_request_under_way_ends_with_its_access_token(app: TestApp) {
    let ann = app.user("ann").await;
    let held = all_held(&app, &ann);
    heads_arrive().await;
    let change = json!({ "current_password": PASSWORD, "email": "eve@example.com" });
    ann.patch("/auth/me", &change).await.expect(200);
    finish_refused(held);
    let ann = ann.refreshed().await;
    assert_eq!(ann.get("/tasks").await.expect(200).json(), json!([]));
    assert_eq!(ann.get("/auth/tokens").await.expect(200).json(), json!([]));
}

async fn a_request_under_way_ends_with_its_personal_token(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/auth/tokens", &token()).await.expect(201).json();
    let program = ann.with_token(made["token"].as_str().unwrap());
    let task = json!({ "title": "T" });
    let held = held(&app, &program, "POST /tasks", &task);
    heads_arrive().await;
    let path = format!("/auth/tokens/{}", made["id"]);
    ann.delete(&path).await.expect(204);
    assert_eq!(held.finish(), UNAUTHORIZED);
    assert_eq!(ann.get("/tasks").await.expect(200).json(), json!([]));
}

/// The password is that of the account that has the address now.
async fn who_gets_a_freed_address_is_out_of_reach(app: TestApp) {
    let eve = app.user("ann").await;
    let held = all_held(&app, &eve);
    heads_arrive().await;
    let change = json!({ "current_password": PASSWORD, "email": "eve@example.com" });
    eve.patch("/auth/me", &change).await.expect(200);
    let ann = app.user("ann").await;
    finish_refused(held);
    ann.get("/auth/me").await.expect(200);
    ann.log_in("ann@example.com", PASSWORD).await;
    eve.log_in("eve@example.com", PASSWORD).await;
}

async fn a_slow_body_of_a_good_token_is_taken(app: TestApp) {
    let ann = app.user("ann").await;
    let held = held(&app, &ann, "POST /tasks", &json!({ "title": "T" }));
    heads_arrive().await;
    assert_eq!(held.finish(), "HTTP/1.1 201 Created");
}
