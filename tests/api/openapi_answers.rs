//! Answers: every operation is taken through what it can answer. That each status is documented, has
//! the documented headers and keeps the documented shape is checked as it comes in, for these and for
//! all answers of all tests.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, send},
        documented::faults,
    },
};

cases![
    what_is_not_documented_is_noticed,
    a_task_has_a_tag_and_a_known_one_is_not_sent_again,
    a_list_has_a_tag_a_link_and_a_total,
    a_version_that_does_not_hold_shows_the_task,
    a_repeated_request_gets_the_first_answer,
    an_external_id_in_use_is_a_conflict,
    trash_and_labels_answer_as_documented,
];

async fn with(
    client: &Client,
    (method, path): (Method, &str),
    header: (&str, &str),
    body: Option<&Value>,
) -> Answer {
    let request = client.request(method, path).header(header.0, header.1);
    send(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

/// The check that all answers go through can fail.
async fn what_is_not_documented_is_noticed(app: TestApp) {
    let ann = app.user("ann").await;
    ann.task("T").await;
    let answer = || async { ann.get("/tasks").await };
    let mut teapot = answer().await;
    teapot.status = reqwest::StatusCode::IM_A_TEAPOT;
    let mut bare = answer().await;
    bare.headers.remove("etag");
    let mut more = answer().await;
    more.headers.insert("location", "/".parse().unwrap());
    let mut other = answer().await;
    other.body = b"[{}]".to_vec();
    let mut typed = answer().await;
    typed
        .headers
        .insert("content-type", "text/plain".parse().unwrap());
    for wrong in [teapot, bare, more, other, typed] {
        let noticed = faults(&Method::GET, "/tasks", &wrong);
        assert!(!noticed.is_empty(), "{wrong:?}");
    }
}

async fn a_task_has_a_tag_and_a_known_one_is_not_sent_again(app: TestApp) {
    let ann = app.user("ann").await;
    let created = ann
        .post("/tasks", &json!({ "title": "T" }))
        .await
        .expect(201);
    let tag = created.tag_of(1);
    let weak = format!("W/{tag}");
    let path = created.header("location").unwrap();
    let known = with(&ann, (Method::GET, path), ("If-None-Match", &weak), None).await;
    let known = known.expect(304);
    assert!(known.body.is_empty());
    assert_eq!(known.header("etag"), Some(tag));
    let patch = json!({ "title": "U" });
    let changed = ann.patch(path, &patch).await.expect(200);
    changed.tag_of(2);
    let newer = with(&ann, (Method::GET, path), ("If-None-Match", tag), None).await;
    assert_eq!(newer.expect(200).json()["title"], "U");
}

async fn a_list_has_a_tag_a_link_and_a_total(app: TestApp) {
    let ann = app.user("ann").await;
    for title in ["A", "B"] {
        let body = json!({ "title": title, "labels": [title] });
        ann.post("/tasks", &body).await.expect(201);
    }
    for title in ["C", "D"] {
        let id = ann.task(title).await["id"].clone();
        ann.delete(&format!("/tasks/{id}")).await.expect(204);
    }
    for (path, total) in [
        ("/tasks?limit=1&include_total=true", Some("2")),
        ("/tasks?limit=1", None),
        ("/trash?limit=1", None),
        ("/labels?limit=1", None),
    ] {
        let first = ann.get(path).await.expect(200);
        let tag = first.header("etag").unwrap();
        let known = with(&ann, (Method::GET, path), ("If-None-Match", tag), None).await;
        let known = known.expect(304);
        assert!(known.body.is_empty(), "{path}");
        for header in ["etag", "link", "x-total-count"] {
            assert_eq!(
                known.header(header),
                first.header(header),
                "{path} {header}"
            );
        }
        assert!(first.header("link").is_some(), "{path}");
        assert_eq!(first.header("x-total-count"), total, "{path}");
    }
}

async fn a_version_that_does_not_hold_shows_the_task(app: TestApp) {
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let path = format!("/tasks/{}", task["id"]);
    let patch = json!({ "title": "U" });
    let wrong = ("If-Match", "\"9\"");
    let answer = with(&ann, (Method::PATCH, &path), wrong, Some(&patch)).await;
    assert_eq!(answer.problem(412, "version_mismatch")["current"], task);
    let answer = with(&ann, (Method::DELETE, &path), wrong, None).await;
    assert_eq!(answer.problem(412, "version_mismatch")["current"], task);
    ann.delete(&path).await.expect(204);
    let path = format!("/trash/{}", task["id"]);
    let answer = with(&ann, (Method::DELETE, &path), wrong, None).await;
    assert_eq!(
        answer.problem(412, "version_mismatch")["current"]["version"],
        2
    );
}

async fn a_repeated_request_gets_the_first_answer(app: TestApp) {
    let ann = app.user("ann").await;
    let named = json!({ "title": "T", "labels": ["a"] });
    let renamed = json!({ "name": "b" });
    let batch = json!({ "operations": [{ "op": "create", "task": { "title": "T" } }] });
    let trashed = ann.task("T").await["id"].clone();
    let purged = ann.task("T").await["id"].clone();
    for id in [&trashed, &purged] {
        ann.delete(&format!("/tasks/{id}")).await.expect(204);
    }
    let restore = format!("/trash/{trashed}/restore");
    let update = format!("/tasks/{trashed}");
    let purge = format!("/trash/{purged}");
    let requests = [
        (Method::POST, "/tasks", Some(&named), 201),
        (Method::POST, "/tasks/batch", Some(&batch), 200),
        (Method::POST, &*restore, None, 200),
        (Method::PATCH, &*update, Some(&named), 200),
        (Method::PATCH, "/labels/a", Some(&renamed), 200),
        (Method::DELETE, "/labels/b", None, 204),
        (Method::DELETE, &*update, None, 204),
        (Method::DELETE, &*purge, None, 204),
        (Method::DELETE, "/trash", None, 204),
    ];
    for (number, (method, path, body, status)) in requests.into_iter().enumerate() {
        let key = format!("key-{number}");
        let key = ("Idempotency-Key", key.as_str());
        let first = with(&ann, (method.clone(), path), key, body).await;
        let first = first.expect(status);
        assert_eq!(
            first.header("idempotency-replayed"),
            None,
            "{method} {path}"
        );
        let again = with(&ann, (method.clone(), path), key, body).await;
        let again = again.expect(status);
        assert_eq!(
            again.header("idempotency-replayed"),
            Some("true"),
            "{method} {path}"
        );
        assert_eq!(again.body, first.body, "{method} {path}");
        for header in ["etag", "location", "content-type"] {
            assert_eq!(
                again.header(header),
                first.header(header),
                "{method} {path}"
            );
        }
    }
    // Each key is known to all of them, and names another request.
    let reused = [
        (Method::POST, "/tasks", Some(&named), "key-1"),
        (Method::POST, "/tasks/batch", Some(&batch), "key-0"),
        (Method::DELETE, "/trash", None, "key-0"),
    ];
    for (method, path, body, key) in reused {
        let answer = with(&ann, (method, path), ("Idempotency-Key", key), body).await;
        answer.problem(422, "idempotency_key_reused");
    }
}

async fn an_external_id_in_use_is_a_conflict(app: TestApp) {
    let ann = app.user("ann").await;
    let named = json!({ "title": "T", "external_id": "x" });
    let first = ann.post("/tasks", &named).await.expect(201).json();
    ann.post("/tasks", &named).await.problem(409, "conflict");
    let other = format!("/tasks/{}", ann.task("U").await["id"]);
    let patch = json!({ "external_id": "x" });
    ann.patch(&other, &patch).await.problem(409, "conflict");
    ann.delete(&format!("/tasks/{}", first["id"]))
        .await
        .expect(204);
    ann.patch(&other, &patch).await.expect(200);
    let restore = format!("/trash/{}/restore", first["id"]);
    let answer = send(ann.request(Method::POST, &restore)).await;
    answer.problem(409, "conflict");
}

async fn trash_and_labels_answer_as_documented(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({ "title": "T", "labels": ["at home", "a/b", "100%"] });
    ann.post("/tasks", &body).await.expect(201);
    for (label, other) in [("at%20home", "x/y"), ("x%2Fy", "z"), ("100%25", "50%")] {
        let path = format!("/labels/{label}");
        let renamed = ann
            .patch(&path, &json!({ "name": other }))
            .await
            .expect(200);
        assert_eq!(renamed.json(), json!({ "name": other, "tasks": 1 }));
    }
    ann.delete("/labels/a%2Fb").await.expect(204);
    ann.delete("/labels/a%2Fb").await.problem(404, "not_found");
    ann.delete("/labels/a,b").await.problem(404, "not_found");
    ann.delete("/trash/1").await.problem(404, "not_found");
    let restore = ann.request(Method::POST, "/trash/1/restore");
    send(restore).await.problem(404, "not_found");
    let body = json!({ "a": 1 });
    let with_body = ann.request(Method::DELETE, "/trash").json(&body);
    send(with_body).await.problem(415, "unsupported_media_type");
    ann.get("/trash?q=t")
        .await
        .problem(422, "validation_failed");
}
