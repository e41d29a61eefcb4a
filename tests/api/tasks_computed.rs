//! `include_computed`: what a task has in others.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{app::TestApp, client::Client},
};

cases![
    they_are_there_where_they_are_asked_for,
    subtasks_are_counted_outside_the_trash,
    a_task_is_blocked_while_a_blocker_is_open,
    one_task_has_no_entity_tag_and_a_list_has,
    they_make_no_version,
    a_page_has_them_in_its_order,
];

const MEMBERS: [&str; 3] = ["subtasks", "open_subtasks", "blocked"];

/// The tasks 1 to `count` of ann.
async fn tasks(app: &TestApp, count: usize) -> Client {
    let ann = app.user("ann").await;
    for number in 1..=count {
        assert_eq!(ann.task("T").await["id"], number);
    }
    ann
}

async fn status(client: &Client, id: i64, status: &str) {
    let path = format!("/tasks/{id}");
    client
        .patch(&path, &json!({ "status": status }))
        .await
        .expect(200);
}

async fn computed(client: &Client, id: i64) -> Value {
    let path = format!("/tasks/{id}?include_computed=true");
    let task = client.get(&path).await.expect(200).json();
    json!([task["subtasks"], task["open_subtasks"], task["blocked"]])
}

async fn they_are_there_where_they_are_asked_for(app: TestApp) {
    let ann = tasks(&app, 1).await;
    for path in ["/tasks/1", "/tasks/1?include_computed=false"] {
        let task = ann.get(path).await.expect(200).json();
        assert!(
            MEMBERS.iter().all(|member| task.get(member).is_none()),
            "{task}"
        );
    }
    let plain = ann.get("/tasks").await.expect(200).json();
    assert!(MEMBERS.iter().all(|member| plain[0].get(member).is_none()));
    let mut shown = ann.get("/tasks/1").await.expect(200).json();
    shown["subtasks"] = 0.into();
    shown["open_subtasks"] = 0.into();
    shown["blocked"] = false.into();
    assert_eq!(
        ann.get("/tasks/1?include_computed=true")
            .await
            .expect(200)
            .json(),
        shown
    );
    assert_eq!(
        ann.get("/tasks?include_computed=true")
            .await
            .expect(200)
            .json(),
        json!([shown])
    );
    for path in ["/tasks", "/tasks/1"] {
        for (query, fault) in [
            ("include_computed=1", "include_computed type"),
            ("include_computed=", "include_computed type"),
            (
                "include_computed=true&include_computed=true",
                "include_computed duplicate",
            ),
            ("include_compute=true", "include_compute unknown"),
        ] {
            assert_eq!(
                ann.get(&format!("{path}?{query}")).await.faults(),
                [fault],
                "{query}"
            );
        }
    }
    ann.get("/tasks/2?include_computed=true")
        .await
        .problem(404, "not_found");
    let bob = app.user("bob").await;
    bob.get("/tasks/1?include_computed=true")
        .await
        .problem(404, "not_found");
    ann.delete("/tasks/1").await.expect(204);
    ann.get("/tasks/1?include_computed=true")
        .await
        .problem(404, "not_found");
    assert_eq!(
        ann.get("/tasks?include_computed=true").await.json(),
        json!([])
    );
}

async fn subtasks_are_counted_outside_the_trash(app: TestApp) {
    let ann = tasks(&app, 9).await;
    app.database
        .execute("UPDATE tasks SET parent_id = 1 WHERE id BETWEEN 2 AND 6");
    app.database
        .execute("UPDATE tasks SET parent_id = 2 WHERE id IN (7, 8)");
    assert_eq!(
        computed(&ann, 1).await,
        json!([5, 5, false]),
        "direct ones alone"
    );
    assert_eq!(computed(&ann, 2).await, json!([2, 2, false]));
    status(&ann, 3, "done").await;
    status(&ann, 4, "cancelled").await;
    status(&ann, 5, "in_progress").await;
    assert_eq!(computed(&ann, 1).await, json!([5, 3, false]));
    ann.delete("/tasks/3").await.expect(204);
    ann.delete("/tasks/6").await.expect(204);
    assert_eq!(computed(&ann, 1).await, json!([3, 2, false]));
    let bob = app.user("bob").await;
    bob.task("his").await;
    app.database
        .execute("UPDATE tasks SET parent_id = 1 WHERE id = 10");
    assert_eq!(computed(&ann, 1).await, json!([3, 2, false]));
}

async fn a_task_is_blocked_while_a_blocker_is_open(app: TestApp) {
    let ann = tasks(&app, 5).await;
    app.database
        .execute("UPDATE tasks SET blocked_by = '2,3,99' WHERE id = 1");
    let blocked = async |expected: bool| {
        assert_eq!(computed(&ann, 1).await, json!([0, 0, expected]));
        for (query, found) in [("blocked=true", expected), ("blocked=false", !expected)] {
            let tasks = ann.all(&format!("/tasks?{query}")).await;
            assert_eq!(tasks.iter().any(|task| task["id"] == 1), found, "{query}");
        }
    };
    blocked(true).await;
    status(&ann, 2, "cancelled").await;
    blocked(true).await;
    ann.delete("/tasks/3").await.expect(204);
    blocked(false).await;
    ann.call(Method::POST, "/trash/3/restore", &[], None)
        .await
        .expect(200);
    blocked(true).await;
    status(&ann, 3, "done").await;
    blocked(false).await;
    status(&ann, 2, "in_progress").await;
    blocked(true).await;
    status(&ann, 1, "cancelled").await;
    blocked(false).await;
    status(&ann, 1, "in_progress").await;
    blocked(true).await;
    // A task of another user blocks nobody here.
    let bob = app.user("bob").await;
    assert_eq!(bob.task("his").await["id"], 6);
    app.database
        .execute("UPDATE tasks SET blocked_by = '6' WHERE id = 1");
    blocked(false).await;
}

async fn one_task_has_no_entity_tag_and_a_list_has(app: TestApp) {
    let ann = tasks(&app, 3).await;
    app.database
        .execute("UPDATE tasks SET parent_id = 1 WHERE id > 1");
    let tag = ann.get("/tasks/1").await.header("etag").unwrap().to_owned();
    let path = "/tasks/1?include_computed=true";
    assert_eq!(ann.get(path).await.header("etag"), None);
    for known in [tag.as_str(), "*"] {
        let answer = ann
            .call(Method::GET, path, &[("if-none-match", known)], None)
            .await;
        answer.expect(200);
    }
    let path = "/tasks?include_computed=true&limit=1&sort=id";
    let list = ann.get(path).await.expect(200);
    let known = [("if-none-match", list.header("etag").unwrap())];
    ann.call(Method::GET, path, &known, None).await.expect(304);
    status(&ann, 2, "done").await;
    // No task of the page has changed, but what follows from another has.
    let changed = ann.call(Method::GET, path, &known, None).await.expect(200);
    assert_eq!(changed.json()[0]["open_subtasks"], 1);
    let version = changed.json()[0]["version"].to_string();
    let guard = format!("\"{version}\"");
    let patch = json!({ "title": "by its version" });
    let answer = ann
        .call(
            Method::PATCH,
            "/tasks/1",
            &[("if-match", &guard)],
            Some(&patch),
        )
        .await;
    answer.expect(200);
}

async fn they_make_no_version(app: TestApp) {
    let ann = tasks(&app, 3).await;
    app.database
        .execute("UPDATE tasks SET parent_id = 1 WHERE id = 2");
    app.database
        .execute("UPDATE tasks SET blocked_by = '3' WHERE id = 1");
    let before = ann.get("/tasks/1").await.expect(200);
    assert_eq!(computed(&ann, 1).await, json!([1, 1, true]));
    status(&ann, 2, "done").await;
    status(&ann, 3, "done").await;
    assert_eq!(computed(&ann, 1).await, json!([1, 0, false]));
    let after = ann.get("/tasks/1").await.expect(200);
    assert_eq!(
        (after.json(), after.header("etag")),
        (before.json(), before.header("etag"))
    );
}

async fn a_page_has_them_in_its_order(app: TestApp) {
    let ann = tasks(&app, 12).await;
    for id in 1..=3 {
        app.database.execute(&format!(
            "UPDATE tasks SET parent_id = {id} WHERE id > 3 AND id % {} = 0",
            id + 1
        ));
    }
    app.database
        .execute("UPDATE tasks SET blocked_by = '1,5' WHERE id IN (4, 9)");
    for path in [
        "/tasks?include_computed=true&limit=4&sort=-priority,id",
        "/tasks?include_computed=true&include_total=true&limit=5&sort=position",
        "/tasks?include_computed=true&limit=200&blocked=true",
        "/tasks?include_computed=true&parent=1,3&limit=2",
    ] {
        let tasks = ann.all(path).await;
        assert!(tasks.len() > 1, "{path}");
        for task in tasks {
            let id = task["id"].as_i64().unwrap();
            let alone = ann.get(&format!("/tasks/{id}?include_computed=true")).await;
            assert_eq!(alone.expect(200).json(), task, "{path}");
        }
    }
}
