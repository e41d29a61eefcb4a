//! Two replicas on one PostgreSQL: what ends on one ends on the other.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        client::{Client, PASSWORD, send},
        personal_token::create,
        replicas::Replicas,
    },
};

cases![
    on Postgres;
    a_revoked_session_ends_everywhere,
    a_logout_ends_everywhere,
    a_changed_password_ends_sessions_everywhere,
    a_changed_address_ends_access_tokens_everywhere,
    a_deleted_account_ends_everywhere,
    a_revoked_personal_token_ends_everywhere,
    what_is_known_is_not_looked_up,
];

const SECOND: Duration = Duration::from_secs(1);

impl Replicas {
    /// A new user, logged in here.
    async fn ann(&self) -> Client {
        Client::new(&self.here.base)
            .register_and_log_in("ann")
            .await
    }

    /// Who has the same token, but asks the other replica.
    fn over_there(&self, client: &Client) -> Client {
        let token = client.token.as_deref().unwrap();
        Client::new(&self.there.base).with_token(token)
    }

    /// Whether the other replica takes the client's token without a look at the database.
    async fn is_known_there(&self, client: &Client) -> bool {
        let there = self.over_there(client);
        there.get("/auth/me").await.expect(200);
        self.database
            .execute("ALTER TABLE sessions RENAME TO hidden_sessions");
        let status = there.get("/auth/me").await.status;
        self.database
            .execute("ALTER TABLE hidden_sessions RENAME TO sessions");
        status == 200
    }

    async fn wait_until_known_there(&self, client: &Client) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.is_known_there(client).await {
            assert!(Instant::now() < deadline, "it is looked up each time");
        }
    }

    /// Checks that `client`, whose token has just ended here, is refused here at once and there within a
    /// second.
    async fn has_ended(&self, client: &Client) {
        let ended = Instant::now();
        let there = self.over_there(client);
        let mut asked = Instant::now();
        while there.get("/auth/me").await.status == 200 {
            assert!(asked.duration_since(ended) < SECOND, "it still works there");
            tokio::time::sleep(Duration::from_millis(5)).await;
            asked = Instant::now();
        }
        client.get("/auth/me").await.problem(401, "invalid_token");
        there.get("/auth/me").await.problem(401, "invalid_token");
        there.get("/tasks").await.problem(401, "invalid_token");
    }

    /// Another session of ann's, which the other replica knows.
    async fn known_session(&self) -> Client {
        let client = Client::new(&self.here.base);
        let session = client.log_in("ann@example.com", PASSWORD).await;
        self.wait_until_known_there(&session).await;
        session
    }
}

async fn id(client: &Client) -> Value {
    let sessions = client.all("/auth/sessions").await;
    let current = sessions.iter().find(|session| session["current"] == true);
    current.unwrap()["id"].clone()
}

async fn a_revoked_session_ends_everywhere(replicas: Replicas) {
    let ann = replicas.ann().await;
    // Again and again: whatever the age of what is known there.
    for _ in 0..5 {
        let session = replicas.known_session().await;
        let path = format!("/auth/sessions/{}", id(&session).await);
        ann.delete(&path).await.expect(204);
        replicas.has_ended(&session).await;
    }
    replicas.over_there(&ann).get("/auth/me").await.expect(200);
}

async fn a_logout_ends_everywhere(replicas: Replicas) {
    let ann = replicas.ann().await;
    let session = replicas.known_session().await;
    let others = ann.request(Method::POST, "/auth/logout?scope=others");
    send(others).await.expect(204);
    replicas.has_ended(&session).await;
    replicas.wait_until_known_there(&ann).await;
    send(ann.request(Method::POST, "/auth/logout"))
        .await
        .expect(204);
    replicas.has_ended(&ann).await;
}

async fn a_changed_password_ends_sessions_everywhere(replicas: Replicas) {
    let ann = replicas.ann().await;
    let session = replicas.known_session().await;
    let body = json!({ "current_password": PASSWORD, "new_password": "another password" });
    ann.post("/auth/password", &body).await.expect(204);
    replicas.has_ended(&session).await;
    replicas.over_there(&ann).get("/auth/me").await.expect(200);
}

async fn a_changed_address_ends_access_tokens_everywhere(replicas: Replicas) {
    let ann = replicas.ann().await;
    let session = replicas.known_session().await;
    let body = json!({ "email": "eve@example.com", "current_password": PASSWORD });
    ann.patch("/auth/me", &body).await.expect(200);
    replicas.has_ended(&session).await;
    ann.get("/auth/me").await.problem(401, "invalid_token");
}

async fn a_deleted_account_ends_everywhere(replicas: Replicas) {
    let ann = replicas.ann().await;
    let session = replicas.known_session().await;
    let (_, program) = create(&ann, &["tasks:read"]).await;
    replicas
        .over_there(&program)
        .get("/tasks")
        .await
        .expect(200);
    let body = json!({ "current_password": PASSWORD });
    let delete = ann.request(Method::DELETE, "/auth/me").json(&body);
    send(delete).await.expect(204);
    replicas.has_ended(&session).await;
    replicas.has_ended(&program).await;
}

async fn a_revoked_personal_token_ends_everywhere(replicas: Replicas) {
    let ann = replicas.ann().await;
    for _ in 0..5 {
        let (token, program) = create(&ann, &["tasks:read"]).await;
        for _ in 0..3 {
            replicas
                .over_there(&program)
                .get("/tasks")
                .await
                .expect(200);
        }
        let path = format!("/auth/tokens/{}", token["id"]);
        ann.delete(&path).await.expect(204);
        replicas.has_ended(&program).await;
    }
}

async fn what_is_known_is_not_looked_up(replicas: Replicas) {
    let ann = replicas.ann().await;
    replicas.wait_until_known_there(&ann).await;
    // A user who changes the account is looked up anew, and then cached again.
    create(&ann, &["tasks:read"]).await;
    replicas.wait_until_known_there(&ann).await;
}
