//! Personal access tokens, as users make them.

use std::time::Duration;

use serde_json::{Value, json};
use task_api::models::time::UtcTime;

use super::client::Client;

/// A request for a token that ends in `seconds`.
pub fn body(scopes: &[&str], seconds: u64) -> Value {
    let expires_at = UtcTime::now().plus(Duration::from_secs(seconds));
    json!({ "name": "a program", "scopes": scopes, "expires_at": expires_at })
}

/// A new token of the user, and the user's program that has it.
pub async fn create(user: &Client, scopes: &[&str]) -> (Value, Client) {
    let body = body(scopes, 3600);
    let token = user.post("/auth/tokens", &body).await.expect(201).json();
    let program = user.with_token(token["token"].as_str().unwrap());
    (token, program)
}
