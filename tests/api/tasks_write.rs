//! Creating and deleting tasks.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{app::TestApp, client::Client},
};

cases![
    a_title_is_enough,
    every_member_can_be_set,
    what_is_wrong_is_named_and_nothing_is_kept,
    text_is_trimmed_and_counted_in_characters,
    times_are_kept_to_the_microsecond,
    a_deleted_task_is_in_the_trash_and_its_id_never_used_again,
    an_id_that_is_none_is_not_found,
];

pub async fn created(client: &Client, body: Value) -> Value {
    client.post("/tasks", &body).await.expect(201).json()
}

async fn a_title_is_enough(app: TestApp) {
    let ann = app.user("ann").await;
    let answer = ann
        .post("/tasks", &json!({ "title": "Buy milk" }))
        .await
        .expect(201);
    let task = answer.json();
    let id = task["id"].as_i64().unwrap();
    assert_eq!(
        answer.header("location"),
        Some(format!("/tasks/{id}").as_str())
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    let mut expected = json!({
        "id": id, "title": "Buy milk", "description": null, "status": "todo", "priority": "medium",
        "due_at": null, "labels": [], "external_id": null, "project_id": null, "parent_id": null,
        "blocked_by": [], "position": format!("a{id}"), "version": 1, "completed_at": null,
    });
    expected["created_at"] = task["created_at"].clone();
    expected["updated_at"] = task["created_at"].clone();
    assert_eq!(task, expected);
    assert_eq!(
        ann.get(&format!("/tasks/{id}")).await.expect(200).json(),
        task
    );
}

async fn every_member_can_be_set(app: TestApp) {
    let ann = app.user("ann").await;
    let task = created(
        &ann,
        json!({
            "title": "T", "description": "D", "status": "done", "priority": "urgent",
            "due_at": "2026-12-01T18:00:00+01:00",
            "labels": ["shop", " at home ", "Home"], "external_id": " crm/7 ",
        }),
    )
    .await;
    assert_eq!(task["description"], "D");
    assert_eq!(
        (&task["status"], &task["priority"]),
        (&json!("done"), &json!("urgent"))
    );
    assert_eq!(task["due_at"], "2026-12-01T17:00:00.000000Z");
    assert_eq!(task["completed_at"], task["created_at"]);
    assert_eq!(task["labels"], json!(["Home", "at home", "shop"]));
    assert_eq!(task["external_id"], "crm/7");
    for status in ["todo", "in_progress", "done", "cancelled"] {
        let task = created(&ann, json!({ "title": "T", "status": status })).await;
        assert_eq!(task["status"], status);
        assert_eq!(task["completed_at"].is_string(), status == "done");
    }
    for priority in ["none", "low", "medium", "high", "urgent"] {
        let task = created(&ann, json!({ "title": "T", "priority": priority })).await;
        assert_eq!(task["priority"], priority);
    }
    let nulls = json!({ "title": "T", "description": null, "due_at": null, "external_id": null });
    let task = created(&ann, nulls).await;
    assert_eq!(
        (&task["description"], &task["external_id"]),
        (&Value::Null, &Value::Null)
    );
}

async fn what_is_wrong_is_named_and_nothing_is_kept(app: TestApp) {
    let ann = app.user("ann").await;
    for (body, faults) in [
        (json!({}), vec!["/title required"]),
        (
            json!({ "title": null, "status": null, "priority": null }),
            vec!["/title null", "/status null", "/priority null"],
        ),
        (
            json!({ "title": 7, "description": [], "due_at": 5 }),
            vec!["/title type", "/description type", "/due_at type"],
        ),
        (
            json!({ "title": "", "description": "x".repeat(10_001) }),
            vec!["/title length", "/description length"],
        ),
        (json!({ "title": "x".repeat(201) }), vec!["/title length"]),
        (
            json!({ "title": "a\u{0}b", "description": "\u{1b}[0m" }),
            vec!["/title characters", "/description characters"],
        ),
        (
            json!({ "title": "T", "status": "Done", "priority": "hihg" }),
            vec!["/status choice", "/priority choice"],
        ),
        (
            json!({ "title": "T", "due_at": "tomorrow" }),
            vec!["/due_at format"],
        ),
        (
            json!({ "title": "T", "due_at": "9999-12-31T23:59:59-01:00" }),
            vec!["/due_at range"],
        ),
        (
            json!({ "title": "T", "id": 1, "user_id": 2, "version": 3, "owner": 4 }),
            vec![
                "/id unknown",
                "/owner unknown",
                "/user_id unknown",
                "/version unknown",
            ],
        ),
        (
            json!({ "title": "T", "labels": null, "external_id": "" }),
            vec!["/labels null", "/external_id length"],
        ),
        (
            json!({ "title": "T", "labels": "home", "external_id": 7 }),
            vec!["/labels type", "/external_id type"],
        ),
        (
            json!({ "title": "T", "labels": ["a", "b", " a "] }),
            vec!["/labels/2 duplicate"],
        ),
        (
            json!({ "title": "T", "labels": (0..21).map(|n| n.to_string()).collect::<Vec<_>>() }),
            vec!["/labels length"],
        ),
        (
            json!({ "title": "T", "labels": ["a,b", "", "ok", 7, "x".repeat(51)] }),
            vec![
                "/labels/0 characters",
                "/labels/1 length",
                "/labels/3 type",
                "/labels/4 length",
            ],
        ),
        (json!([]), vec![" type"]),
    ] {
        let mut found = ann.post("/tasks", &body).await.faults();
        found.sort();
        let mut faults = faults;
        faults.sort_unstable();
        assert_eq!(found, faults, "{body}");
    }
    for (title, detail) in [
        ("🦀".repeat(201).as_str(), "must have 1 to 200 characters"),
        ("a\u{0}b", "must not contain the control character U+0000"),
        ("\u{85}a", "must not contain the control character U+0085"),
    ] {
        let answer = ann.post("/tasks", &json!({ "title": title })).await;
        let problem = answer.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["detail"], detail);
    }
    let twice = r#"{"title":"a","title":"b"}"#;
    let answer = ann
        .raw(Method::POST, "/tasks", "application/json", twice)
        .await;
    assert_eq!(answer.faults(), ["/title duplicate"]);
    assert_eq!(ann.get("/tasks").await.expect(200).json(), json!([]));
}

async fn text_is_trimmed_and_counted_in_characters(app: TestApp) {
    let ann = app.user("ann").await;
    let title = "🦀".repeat(200);
    let padded = format!("\u{3000} {title}\n");
    let task = created(&ann, json!({ "title": padded, "description": " " })).await;
    assert_eq!(task["title"], title);
    assert_eq!(task["description"], "");
    let lines = json!({ "title": "T", "description": "a\tb\r\nc" });
    assert_eq!(created(&ann, lines).await["description"], "a\tb\r\nc");
    let label = "🦀".repeat(50);
    let labelled = created(&ann, json!({ "title": "T", "labels": [label] })).await;
    assert_eq!(labelled["labels"][0], label);
    let long = json!({ "title": "T", "description": "é".repeat(10_000) });
    created(&ann, long).await;
}

async fn times_are_kept_to_the_microsecond(app: TestApp) {
    let ann = app.user("ann").await;
    for (given, kept) in [
        (
            "2026-11-23T09:00:00.123456789Z",
            "2026-11-23T09:00:00.123456Z",
        ),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("1969-12-31T23:59:59.5-00:00", "1969-12-31T23:59:59.500000Z"),
        ("2026-11-23T10:30:00+01:30", "2026-11-23T09:00:00.000000Z"),
        ("2026-11-23t09:00:00z", "2026-11-23T09:00:00.000000Z"),
        ("2017-01-01T00:59:60+01:00", "2017-01-01T00:00:00.000000Z"),
    ] {
        let task = created(&ann, json!({ "title": "T", "due_at": given })).await;
        assert_eq!(task["due_at"], kept);
        let path = format!("/tasks/{}", task["id"]);
        assert_eq!(
            ann.get(&path).await.json()["due_at"],
            kept,
            "as it was stored"
        );
    }
    for (wrong, fault) in [
        ("0001-01-01T00:00:00+00:01", "/due_at range"),
        ("0000-01-01T00:00:00Z", "/due_at range"),
        ("0000-12-31T23:59:59-01:00", "/due_at range"),
        ("9999-12-31T23:59:59-00:01", "/due_at range"),
        ("", "/due_at format"),
        ("2026-11-23", "/due_at format"),
        ("2026-11-23 09:00:00Z", "/due_at format"),
        ("2026-11-23T09:00:00", "/due_at format"),
        ("2026-02-30T09:00:00Z", "/due_at format"),
        ("2026-11-23T25:00:00Z", "/due_at format"),
        ("+12026-11-23T09:00:00Z", "/due_at format"),
        ("2026-11-23T09:00Z", "/due_at format"),
        ("2026-11-23T12:30:60Z", "/due_at format"),
        ("2026-11-23T09:00:00\u{2212}01:00", "/due_at format"),
    ] {
        let body = json!({ "title": "T", "due_at": wrong });
        assert_eq!(
            ann.post("/tasks", &body).await.faults(),
            [fault],
            "{wrong:?}"
        );
    }
}

async fn a_deleted_task_is_in_the_trash_and_its_id_never_used_again(app: TestApp) {
    let ann = app.user("ann").await;
    let id = ann.task("T").await["id"].as_i64().unwrap();
    let path = format!("/tasks/{id}");
    let answer = ann.delete(&path).await.expect(204);
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("content-type"), None);
    for answer in [
        ann.get(&path).await,
        ann.patch(&path, &json!({ "title": "U" })).await,
        ann.delete(&path).await,
    ] {
        answer.problem(404, "not_found");
    }
    assert_eq!(ann.get("/tasks").await.json(), json!([]));
    let trash = ann.get("/trash").await.expect(200).json();
    assert_eq!(trash.as_array().unwrap().len(), 1);
    assert_eq!(
        (&trash[0]["id"], &trash[0]["version"]),
        (&json!(id), &json!(2))
    );
    ann.delete(&format!("/trash/{id}")).await.expect(204);
    assert_eq!(ann.get("/trash").await.json(), json!([]));
    assert!(
        ann.task("U").await["id"].as_i64().unwrap() > id,
        "ids are never used again"
    );
}

async fn an_id_that_is_none_is_not_found(app: TestApp) {
    let ann = app.user("ann").await;
    let long = "9".repeat(30);
    // One id has one spelling.
    let one = ann.task("T").await["id"].to_string();
    ann.get(&format!("/tasks/{one}")).await.expect(200);
    let others = ["0#", "00#", "%2B#", "+#", "#.0", "#%20", "%20#"];
    for other in others.map(|other| other.replace('#', &one)) {
        let path = format!("/tasks/{other}");
        ann.get(&path).await.problem(404, "not_found");
    }
    for id in [
        "%D9%A7",
        "0",
        "-1",
        "x",
        "1.5",
        "+1",
        "%00",
        "%FF",
        "9007199254740992",
        "1e3",
        long.as_str(),
    ] {
        let path = format!("/tasks/{id}");
        ann.get(&path).await.problem(404, "not_found");
        ann.patch(&path, &json!({ "title": "T" }))
            .await
            .problem(404, "not_found");
        ann.delete(&path).await.problem(404, "not_found");
    }
}
