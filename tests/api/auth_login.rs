//! `POST /auth/login` and `GET /auth/me`.

use serde_json::json;

use crate::{
    cases,
    support::{app::TestApp, client::PASSWORD},
};

cases![a_user_logs_in_and_sees_who_they_are];

async fn a_user_logs_in_and_sees_who_they_are(app: TestApp) {
    let body = json!({ "email": " Ann@Example.com ", "password": PASSWORD });
    let registered = app
        .anonymous()
        .post("/auth/register", &body)
        .await
        .expect(201);
    assert_eq!(registered.header("location"), Some("/auth/me"));
    let ann = app.anonymous().log_in("ANN@example.com", PASSWORD).await;
    let me = ann.get("/auth/me").await.expect(200);
    assert_eq!(me.json(), registered.json());
    assert_eq!(me.json()["email"], "ann@example.com");
}
