//! Changing tasks.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{cases, support::app::TestApp, tasks_write::created};

cases![
    a_patch_changes_what_it_names,
    a_patch_that_changes_nothing_changes_nothing,
    completion_follows_the_status,
    a_patch_is_checked_like_a_creation,
    a_merge_patch_by_its_own_name,
];

async fn a_patch_changes_what_it_names(app: TestApp) {
    let ann = app.user("ann").await;
    let first = created(
        &ann,
        json!({ "title": "T", "description": "D", "due_at": "2026-12-01T00:00:00Z" }),
    )
    .await;
    let path = format!("/tasks/{}", first["id"]);
    let second = ann
        .patch(&path, &json!({ "title": " U ", "description": null }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&second["title"], &second["description"]),
        (&json!("U"), &Value::Null)
    );
    assert_eq!(second["due_at"], first["due_at"]);
    assert_eq!(second["version"], 2);
    assert_eq!(second["created_at"], first["created_at"]);
    assert!(second["updated_at"].as_str() > first["updated_at"].as_str());
    assert_eq!(ann.get(&path).await.json(), second);
    let third = ann
        .patch(&path, &json!({ "priority": "low", "due_at": null }))
        .await
        .json();
    assert_eq!(
        (&third["priority"], &third["due_at"], &third["version"]),
        (&json!("low"), &Value::Null, &json!(3))
    );
    let labelled = json!({ "labels": ["b", "a"], "external_id": "x" });
    let fourth = ann.patch(&path, &labelled).await.expect(200).json();
    assert_eq!(fourth["labels"], json!(["a", "b"]), "in order of name");
    assert_eq!(
        (&fourth["external_id"], &fourth["version"]),
        (&json!("x"), &json!(4))
    );
    let cleared = json!({ "labels": [], "external_id": null });
    let fifth = ann.patch(&path, &cleared).await.expect(200).json();
    assert_eq!(
        (&fifth["labels"], &fifth["external_id"]),
        (&json!([]), &Value::Null)
    );
}

async fn a_patch_that_changes_nothing_changes_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    let task = created(
        &ann,
        json!({
            "title": "T", "due_at": "2026-12-01T00:00:00Z", "labels": ["a", "b"], "external_id": "x",
        }),
    )
    .await;
    let path = format!("/tasks/{}", task["id"]);
    for same in [
        json!({}),
        json!({ "title": " T " }),
        json!({ "description": null, "status": "todo", "priority": "medium" }),
        json!({ "due_at": "2026-12-01T01:00:00+01:00" }),
        json!({ "labels": ["b", " a"], "external_id": "x" }),
    ] {
        assert_eq!(
            ann.patch(&path, &same).await.expect(200).json(),
            task,
            "{same}"
        );
    }
}

async fn completion_follows_the_status(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let patch = async |body: Value| ann.patch(&path, &body).await.expect(200).json();
    let done = patch(json!({ "status": "done" })).await;
    assert_eq!(done["completed_at"], done["updated_at"]);
    let retitled = patch(json!({ "title": "U", "status": "done" })).await;
    assert_eq!(retitled["completed_at"], done["completed_at"]);
    let cancelled = patch(json!({ "status": "cancelled" })).await;
    assert_eq!(cancelled["completed_at"], Value::Null);
    assert_eq!(cancelled["version"], 4);
}

async fn a_patch_is_checked_like_a_creation(app: TestApp) {
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let path = format!("/tasks/{}", task["id"]);
    let body = json!({ "title": null, "status": "x", "due_at": 1, "statsu": "done", "id": 9 });
    let mut faults = ann.patch(&path, &body).await.faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "/due_at type",
            "/id unknown",
            "/statsu unknown",
            "/status choice",
            "/title null"
        ]
    );
    assert_eq!(ann.get(&path).await.json(), task);
    // What is wrong with the request comes before what is not there.
    assert_eq!(
        ann.patch("/tasks/999999", &json!({ "title": "" }))
            .await
            .faults(),
        ["/title length"]
    );
    ann.patch("/tasks/999999", &json!({ "title": "T" }))
        .await
        .problem(404, "not_found");
}

async fn a_merge_patch_by_its_own_name(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let body = r#"{"title":"U"}"#;
    let merge = "application/merge-patch+json";
    ann.raw(Method::PATCH, &path, merge, body).await.expect(200);
    let charset = "application/json; charset=UTF-8";
    ann.raw(Method::PATCH, &path, charset, body)
        .await
        .expect(200);
    ann.raw(Method::POST, "/tasks", merge, body)
        .await
        .problem(415, "unsupported_media_type");
    for wrong in [
        "text/json",
        "application/json-patch+json",
        "application/json; charset=latin1",
    ] {
        let answer = ann.raw(Method::PATCH, &path, wrong, body).await;
        answer.problem(415, "unsupported_media_type");
    }
}
