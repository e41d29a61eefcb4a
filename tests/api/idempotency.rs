//! `Idempotency-Key`: a request that is sent again.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{answer::Answer, app::TestApp, client::Client},
};

cases![
    every_write_is_replayed_as_it_was,
    dry_runs_neither_keep_nor_look,
    keys_belong_to_a_user,
    a_replay_does_not_mind_what_has_changed_since,
    without_a_key_nothing_is_kept,
];

pub async fn keyed(
    client: &Client,
    key: &str,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    client
        .call(method, path, &[("idempotency-key", key)], body)
        .await
}

pub async fn create(client: &Client, key: &str, title: &str) -> Answer {
    let body = json!({ "title": title });
    keyed(client, key, Method::POST, "/tasks", Some(&body)).await
}

#[track_caller]
pub fn assert_replays(first: &Answer, again: &Answer) {
    assert_eq!(first.header("idempotency-replayed"), None, "{first:?}");
    assert_eq!(
        again.header("idempotency-replayed"),
        Some("true"),
        "{again:?}"
    );
    assert_eq!(first.status, again.status);
    assert_eq!(
        String::from_utf8_lossy(&first.body),
        String::from_utf8_lossy(&again.body)
    );
    for name in ["location", "etag", "content-type", "content-length"] {
        assert_eq!(first.header(name), again.header(name), "{name}");
    }
    assert_ne!(first.header("x-request-id"), again.header("x-request-id"));
}

async fn every_write_is_replayed_as_it_was(app: TestApp) {
    let ann = app.user("ann").await;
    let mut ids = Vec::new();
    for title in ["patched", "deleted", "restored", "purged"] {
        let body = json!({ "title": title, "labels": ["old", "gone"] });
        ids.push(ann.post("/tasks", &body).await.expect(201).json()["id"].clone());
    }
    for id in &ids[2..] {
        ann.delete(&format!("/tasks/{id}")).await.expect(204);
    }
    let batch = json!({ "atomic": false, "operations": [
        { "op": "create", "task": { "title": "B" } },
        { "op": "delete", "id": 999_999 },
    ] });
    let requests = [
        (
            Method::POST,
            "/tasks".to_owned(),
            Some(json!({ "title": "C" })),
            201,
        ),
        (
            Method::PATCH,
            format!("/tasks/{}", ids[0]),
            Some(json!({ "title": "U" })),
            200,
        ),
        (
            Method::PATCH,
            format!("/tasks/{}", ids[0]),
            Some(json!({})),
            200,
        ),
        (Method::DELETE, format!("/tasks/{}", ids[1]), None, 204),
        (Method::POST, "/tasks/batch".to_owned(), Some(batch), 200),
        (
            Method::POST,
            format!("/trash/{}/restore", ids[2]),
            None,
            200,
        ),
        (Method::DELETE, format!("/trash/{}", ids[3]), None, 204),
        (
            Method::PATCH,
            "/labels/old".to_owned(),
            Some(json!({ "name": "new" })),
            200,
        ),
        (Method::DELETE, "/labels/gone".to_owned(), None, 204),
        (Method::DELETE, "/trash".to_owned(), None, 204),
    ];
    let mut first = Vec::new();
    for (number, (method, path, body, status)) in requests.iter().enumerate() {
        let key = format!("key-{number}");
        let answer = keyed(&ann, &key, method.clone(), path, body.as_ref()).await;
        first.push(answer.expect(*status));
    }
    let (tasks, trash) = (ann.all("/tasks").await, ann.all("/trash").await);
    for _ in 0..2 {
        for (number, (method, path, body, _)) in requests.iter().enumerate() {
            let key = format!("key-{number}");
            let again = keyed(&ann, &key, method.clone(), path, body.as_ref()).await;
            assert_replays(&first[number], &again);
        }
    }
    assert_eq!(ann.all("/tasks").await, tasks, "nothing happened twice");
    assert_eq!(ann.all("/trash").await, trash);
    // The trailing slash is no part of the path.
    let body = json!({ "title": "C" });
    let again = keyed(&ann, "key-0", Method::POST, "/tasks/", Some(&body)).await;
    assert_replays(&first[0], &again);
}

async fn dry_runs_neither_keep_nor_look(app: TestApp) {
    let ann = app.user("ann").await;
    let batch = |dry_run: bool| json!({ "dry_run": dry_run, "operations": [{ "op": "create", "task": { "title": "T" } }] });
    for _ in 0..2 {
        let answer = keyed(&ann, "k", Method::POST, "/tasks/batch", Some(&batch(true))).await;
        assert_eq!(answer.header("idempotency-replayed"), None);
        answer.expect(200);
    }
    let first = keyed(&ann, "k", Method::POST, "/tasks/batch", Some(&batch(false)))
        .await
        .expect(200);
    let again = keyed(&ann, "k", Method::POST, "/tasks/batch", Some(&batch(false))).await;
    assert_replays(&first, &again);
    let dry = keyed(&ann, "k", Method::POST, "/tasks/batch", Some(&batch(true)))
        .await
        .expect(200);
    assert_eq!(dry.header("idempotency-replayed"), None);
    assert_eq!(ann.all("/tasks").await.len(), 1);
}

async fn keys_belong_to_a_user(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let hers = create(&ann, "k", "T").await.expect(201);
    let his = create(&bob, "k", "T").await.expect(201);
    assert_ne!(hers.json()["id"], his.json()["id"]);
    assert_replays(&hers, &create(&ann, "k", "T").await);
    assert_replays(&his, &create(&bob, "k", "T").await);
    create(&bob, "k", "U")
        .await
        .problem(422, "idempotency_key_reused");
}

async fn a_replay_does_not_mind_what_has_changed_since(app: TestApp) {
    let ann = app.user("ann").await;
    // The version that the condition names is gone.
    let id = ann.task("T").await["id"].clone();
    let path = format!("/tasks/{id}");
    let headers = [("if-match", "\"1\""), ("idempotency-key", "p")];
    let patch = json!({ "title": "U" });
    let first = ann
        .call(Method::PATCH, &path, &headers, Some(&patch))
        .await
        .expect(200);
    assert_replays(
        &first,
        &ann.call(Method::PATCH, &path, &headers, Some(&patch)).await,
    );
    ann.patch(&path, &json!({ "title": "V" })).await.expect(200);
    assert_replays(
        &first,
        &ann.call(Method::PATCH, &path, &headers, Some(&patch)).await,
    );
    let headers = [("if-match", "\"3\""), ("idempotency-key", "d")];
    let gone = ann
        .call(Method::DELETE, &path, &headers, None)
        .await
        .expect(204);
    assert_replays(
        &gone,
        &ann.call(Method::DELETE, &path, &headers, None).await,
    );
    // The task itself is gone.
    assert_replays(
        &first,
        &keyed(&ann, "p", Method::PATCH, &path, Some(&patch)).await,
    );
    ann.delete("/trash").await.expect(204);
    assert_replays(
        &first,
        &keyed(&ann, "p", Method::PATCH, &path, Some(&patch)).await,
    );
    // The external id is in use: by the very task that the first request made, and by another.
    let body = json!({ "title": "E", "external_id": "x" });
    let first = keyed(&ann, "e", Method::POST, "/tasks", Some(&body))
        .await
        .expect(201);
    assert_replays(
        &first,
        &keyed(&ann, "e", Method::POST, "/tasks", Some(&body)).await,
    );
    let made = format!("/tasks/{}", first.json()["id"]);
    ann.delete(&made).await.expect(204);
    ann.post("/tasks", &body).await.expect(201);
    assert_replays(
        &first,
        &keyed(&ann, "e", Method::POST, "/tasks", Some(&body)).await,
    );
    keyed(
        &ann,
        "e",
        Method::POST,
        "/tasks",
        Some(&json!({ "title": "F", "external_id": "x" })),
    )
    .await
    .problem(422, "idempotency_key_reused");
}

async fn without_a_key_nothing_is_kept(app: TestApp) {
    let ann = app.user("ann").await;
    ann.task("T").await;
    ann.task("T").await;
    assert_eq!(ann.all("/tasks").await.len(), 2);
    assert_eq!(app.database.count("FROM idempotency_keys"), 0);
}
