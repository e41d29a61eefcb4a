//! `Idempotency-Key`: a request that is sent again.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, send},
    },
};

cases![
    every_write_is_replayed_as_it_was,
    the_same_key_with_another_request_is_refused,
    what_failed_is_not_kept,
    dry_runs_neither_keep_nor_look,
    keys_belong_to_a_user,
    a_bad_key_is_named,
    a_replay_does_not_mind_what_has_changed_since,
    without_a_key_nothing_is_kept,
];

async fn keyed(
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

async fn create(client: &Client, key: &str, title: &str) -> Answer {
    let body = json!({ "title": title });
    keyed(client, key, Method::POST, "/tasks", Some(&body)).await
}

#[track_caller]
fn assert_replays(first: &Answer, again: &Answer) {
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

async fn the_same_key_with_another_request_is_refused(app: TestApp) {
    let ann = app.user("ann").await;
    let task = create(&ann, "k", "T").await.expect(201).json();
    let other = ann.task("other").await;
    let path = format!("/tasks/{}", task["id"]);
    let elsewhere = format!("/tasks/{}", other["id"]);
    let title = json!({ "title": "T" });
    for (method, path, body) in [
        (Method::POST, "/tasks", Some(json!({ "title": "U" }))),
        (
            Method::POST,
            "/tasks",
            Some(json!({ "title": "T", "status": "todo" })),
        ),
        (Method::PATCH, path.as_str(), Some(title.clone())),
        (Method::DELETE, path.as_str(), None),
        (Method::DELETE, "/trash", None),
        (Method::PATCH, "/labels/none", Some(json!({ "name": "T" }))),
        (
            Method::POST,
            "/tasks/batch",
            Some(json!({ "operations": [{ "op": "delete", "id": task["id"] }] })),
        ),
    ] {
        let answer = keyed(&ann, "k", method, path, body.as_ref()).await;
        answer.problem(422, "idempotency_key_reused");
    }
    // The same words, written otherwise: another body.
    let spaced = ann
        .request(Method::POST, "/tasks")
        .header("idempotency-key", "k")
        .header("content-type", "application/json")
        .body("{ \"title\": \"T\" }");
    send(spaced).await.problem(422, "idempotency_key_reused");
    keyed(
        &ann,
        "p",
        Method::PATCH,
        &path,
        Some(&json!({ "title": "U" })),
    )
    .await
    .expect(200);
    keyed(
        &ann,
        "p",
        Method::PATCH,
        &elsewhere,
        Some(&json!({ "title": "U" })),
    )
    .await
    .problem(422, "idempotency_key_reused");
    // What is wrong with the request itself comes before whose key it is.
    let answer = keyed(&ann, "k", Method::POST, "/tasks", Some(&json!({}))).await;
    assert_eq!(answer.faults(), ["/title required"]);
    let answer = keyed(&ann, "k", Method::POST, "/tasks?x=1", Some(&title)).await;
    assert_eq!(answer.faults(), ["x unknown"]);
    let tasks = ann.all("/tasks?sort=id").await;
    assert_eq!(tasks.len(), 2, "nothing else happened");
    assert_eq!(tasks[1], other);
    create(&ann, "k", "T").await.expect(201);
}

async fn what_failed_is_not_kept(app: TestApp) {
    let ann = app.user("ann").await;
    let holder = json!({ "title": "holder", "external_id": "x" });
    let holder = ann.post("/tasks", &holder).await.expect(201).json();
    let holder_path = format!("/tasks/{}", holder["id"]);
    let wanted = json!({ "title": "wanted", "external_id": "x" });
    // 422, then 409, then a success, all with one key.
    keyed(
        &ann,
        "k",
        Method::POST,
        "/tasks",
        Some(&json!({ "title": "" })),
    )
    .await
    .problem(422, "validation_failed");
    keyed(&ann, "k", Method::POST, "/tasks", Some(&wanted))
        .await
        .problem(409, "conflict");
    let rename = json!({ "title": "U" });
    let stale = [("if-match", "\"7\""), ("idempotency-key", "m")];
    ann.call(Method::PATCH, &holder_path, &stale, Some(&rename))
        .await
        .problem(412, "version_mismatch");
    let fresh = [("if-match", "\"1\""), ("idempotency-key", "m")];
    let first = ann
        .call(Method::PATCH, &holder_path, &fresh, Some(&rename))
        .await
        .expect(200);
    assert_replays(
        &first,
        &keyed(&ann, "m", Method::PATCH, &holder_path, Some(&rename)).await,
    );
    let restore = format!("/trash/{}/restore", holder["id"]);
    keyed(&ann, "r", Method::POST, &restore, None)
        .await
        .problem(404, "not_found");
    ann.delete(&holder_path).await.expect(204);
    let first = keyed(&ann, "k", Method::POST, "/tasks", Some(&wanted))
        .await
        .expect(201);
    assert_replays(
        &first,
        &keyed(&ann, "k", Method::POST, "/tasks", Some(&wanted)).await,
    );
    keyed(&ann, "r", Method::POST, &restore, None)
        .await
        .problem(409, "conflict");
    ann.delete(&format!("/tasks/{}", first.json()["id"]))
        .await
        .expect(204);
    let first = keyed(&ann, "r", Method::POST, &restore, None)
        .await
        .expect(200);
    assert_replays(
        &first,
        &keyed(&ann, "r", Method::POST, &restore, None).await,
    );
    // An atomic batch that failed.
    let batch = json!({ "operations": [
        { "op": "create", "task": { "title": "B" } },
        { "op": "update", "id": holder["id"], "if_version": 5, "task": { "title": "V" } },
    ] });
    keyed(&ann, "b", Method::POST, "/tasks/batch", Some(&batch))
        .await
        .problem(412, "version_mismatch");
    ann.patch(&holder_path, &json!({ "title": "4 to 5" }))
        .await
        .expect(200);
    let first = keyed(&ann, "b", Method::POST, "/tasks/batch", Some(&batch))
        .await
        .expect(200);
    assert_replays(
        &first,
        &keyed(&ann, "b", Method::POST, "/tasks/batch", Some(&batch)).await,
    );
    assert_eq!(ann.all("/tasks?q=B").await.len(), 1);
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

async fn a_bad_key_is_named(app: TestApp) {
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let path = format!("/tasks/{}", task["id"]);
    let restore = format!("/trash/{}/restore", task["id"]);
    let requests = [
        (Method::POST, "/tasks", Some(json!({ "title": "T" }))),
        (Method::PATCH, path.as_str(), Some(json!({ "title": "U" }))),
        (Method::DELETE, path.as_str(), None),
        (
            Method::POST,
            "/tasks/batch",
            Some(json!({ "dry_run": true, "operations": [{ "op": "restore", "id": 1 }] })),
        ),
        (Method::POST, restore.as_str(), None),
        (Method::DELETE, "/trash/1", None),
        (Method::DELETE, "/trash", None),
        (Method::PATCH, "/labels/a", Some(json!({ "name": "b" }))),
        (Method::DELETE, "/labels/a", None),
    ];
    let long = "x".repeat(256);
    for (method, path, body) in &requests {
        for key in ["", "a b", "ä", "a\tb", long.as_str()] {
            let answer = keyed(&ann, key, method.clone(), path, body.as_ref()).await;
            assert_eq!(
                answer.faults(),
                ["Idempotency-Key format"],
                "{key:?} {path}"
            );
        }
        let two = [("idempotency-key", "a"), ("idempotency-key", "a")];
        let answer = ann.call(method.clone(), path, &two, body.as_ref()).await;
        assert_eq!(answer.faults(), ["Idempotency-Key duplicate"], "{path}");
    }
    assert_eq!(ann.all("/tasks").await, [task]);
    for key in ["!", "~", "\"quoted\"", "a'b;--", &"x".repeat(255)] {
        let first = create(&ann, key, key.get(..1).unwrap()).await.expect(201);
        assert_replays(&first, &create(&ann, key, key.get(..1).unwrap()).await);
    }
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
