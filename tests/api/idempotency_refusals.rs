//! `Idempotency-Key`: what is refused, and what does not count as an answer.

use reqwest::Method;
use serde_json::json;

use crate::{
    cases,
    idempotency::{assert_replays, create, keyed},
    support::{app::TestApp, client::send},
};

cases![
    the_same_key_with_another_request_is_refused,
    what_failed_is_not_kept,
    a_bad_key_is_named,
];

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
