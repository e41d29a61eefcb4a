//! Subtasks: trees, their projects, their way into the trash and back.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{app::TestApp, client::Client},
};

cases![
    a_subtask_is_in_the_project_of_its_parent,
    a_parent_must_be_there,
    a_tree_has_five_levels_and_no_cycle,
    a_tree_has_a_thousand_tasks,
    a_task_takes_all_below_along_to_another_project,
    a_task_takes_all_below_along_to_another_parent,
    a_deletion_takes_along_what_is_below_and_brings_it_back,
    a_deletion_may_leave_the_subtasks,
    a_restore_brings_back_nothing_else,
    what_comes_back_loses_a_parent_that_is_gone_or_full,
    a_restore_of_a_taken_external_id_brings_nothing_back,
    closing_a_task_closes_below_it_where_that_is_asked_for,
];

/// A task below `parent`.
pub async fn subtask(client: &Client, title: &str, parent: &Value) -> Value {
    let body = json!({ "title": title, "parent_id": parent["id"] });
    client.post("/tasks", &body).await.expect(201).json()
}

/// So many tasks, each a subtask of the one before.
async fn chain(client: &Client, levels: usize) -> Vec<Value> {
    let mut tasks = vec![client.task("level 1").await];
    for level in 2..=levels {
        let last = tasks.last().unwrap();
        let next = subtask(client, &format!("level {level}"), last).await;
        tasks.push(next);
    }
    tasks
}

fn path(task: &Value) -> String {
    format!("/tasks/{}", task["id"])
}

async fn now(client: &Client, task: &Value) -> Value {
    client.get(&path(task)).await.expect(200).json()
}

async fn versions(client: &Client, tasks: &[&Value]) -> Vec<i64> {
    let found = join_all(tasks.iter().map(|task| now(client, task))).await;
    let versions = found.iter().map(|task| task["version"].as_i64().unwrap());
    versions.collect()
}

async fn a_subtask_is_in_the_project_of_its_parent(app: TestApp) {
    let ann = app.user("ann").await;
    let (house, garden) = (ann.project("House").await, ann.project("Garden").await);
    let body = json!({ "title": "Paint", "project_id": house["id"] });
    let paint = ann.post("/tasks", &body).await.expect(201).json();
    assert_eq!(paint["project_id"], house["id"]);
    let brush = subtask(&ann, "Buy a brush", &paint).await;
    assert_eq!(
        (&brush["parent_id"], &brush["project_id"]),
        (&paint["id"], &house["id"])
    );
    assert_eq!(now(&ann, &paint).await, paint, "the parent does not change");
    let other = json!({ "project_id": garden["id"] });
    ann.patch(&path(&brush), &other)
        .await
        .problem(409, "conflict");
    let none = json!({ "project_id": null });
    ann.patch(&path(&brush), &none)
        .await
        .problem(409, "conflict");
    let same = json!({ "project_id": house["id"] });
    let answer = ann.patch(&path(&brush), &same).await.expect(200).json();
    assert_eq!(answer, brush, "nothing changes");
    let both = json!({ "title": "T", "parent_id": paint["id"], "project_id": garden["id"] });
    ann.post("/tasks", &both).await.problem(409, "conflict");
    let alone = json!({ "parent_id": null });
    let alone = ann.patch(&path(&brush), &alone).await.expect(200).json();
    assert_eq!(
        (&alone["parent_id"], &alone["project_id"]),
        (&Value::Null, &house["id"]),
        "without its parent it stays in the project"
    );
    let out = json!({ "parent_id": null, "project_id": garden["id"] });
    let out = ann.patch(&path(&brush), &out).await.expect(200).json();
    assert_eq!(out["project_id"], garden["id"]);
}

async fn a_parent_must_be_there(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (theirs, gone) = (bob.task("Theirs").await, ann.task("Gone").await);
    ann.delete(&path(&gone)).await.expect(204);
    let task = ann.task("T").await;
    for parent in [json!(987_654_321), theirs["id"].clone(), gone["id"].clone()] {
        let body = json!({ "title": "U", "parent_id": parent });
        let problem = ann.post("/tasks", &body).await.problem(409, "conflict");
        let expected = format!("parent_id: {parent} is none of yours, or it is in the trash");
        assert_eq!(problem["detail"], expected);
        let body = json!({ "parent_id": parent });
        ann.patch(&path(&task), &body)
            .await
            .problem(409, "conflict");
        // 404 and 412 come before.
        ann.patch("/tasks/987654321", &body)
            .await
            .problem(404, "not_found");
        let stale = ann.request(reqwest::Method::PATCH, &path(&task));
        let stale = stale.header("if-match", "\"9\"").json(&body);
        crate::support::client::send(stale)
            .await
            .problem(412, "version_mismatch");
    }
    for parent in [json!(0), json!(-1), json!("1"), json!(1.5)] {
        let body = json!({ "title": "U", "parent_id": parent });
        let faults = ann.post("/tasks", &body).await.faults();
        assert!(faults[0].contains("/parent_id"), "{faults:?}");
    }
    assert_eq!(now(&ann, &task).await, task);
}

async fn a_tree_has_five_levels_and_no_cycle(app: TestApp) {
    let ann = app.user("ann").await;
    let tasks = chain(&ann, 5).await;
    let sixth = json!({ "title": "6", "parent_id": tasks[4]["id"] });
    let problem = ann.post("/tasks", &sixth).await.problem(409, "conflict");
    assert_eq!(problem["detail"], "a tree of tasks has at most 5 levels");
    for below in &tasks {
        let body = json!({ "parent_id": below["id"] });
        let cycle = ann.patch(&path(&tasks[0]), &body).await;
        cycle.problem(409, "conflict");
    }
    // Two levels do not fit below the fourth.
    let pair = chain(&ann, 2).await;
    let body = json!({ "parent_id": tasks[3]["id"] });
    ann.patch(&path(&pair[0]), &body)
        .await
        .problem(409, "conflict");
    ann.patch(&path(&pair[1]), &body).await.expect(200);
    let body = json!({ "parent_id": tasks[2]["id"] });
    ann.patch(&path(&pair[0]), &body).await.expect(200);
}

async fn a_tree_has_a_thousand_tasks(app: TestApp) {
    let ann = app.user("ann").await;
    let root = ann.task("Root").await;
    let create = json!({ "op": "create", "task": { "title": "T", "parent_id": root["id"] } });
    let fill = json!({ "operations": vec![&create; 99] });
    for _ in 0..10 {
        ann.post("/tasks/batch", &fill).await.expect(200);
    }
    let rest = json!({ "atomic": false, "operations": vec![&create; 10] });
    let results = ann.post("/tasks/batch", &rest).await.expect(200).json();
    let created = results["results"].as_array().unwrap();
    let created = created.iter().filter(|result| result["status"] == 201);
    assert_eq!(created.count(), 9, "the root and 999 more");
    let body = json!({ "title": "T", "parent_id": root["id"] });
    let problem = ann.post("/tasks", &body).await.problem(409, "conflict");
    let expected = "a tree has at most 1000 tasks outside the trash";
    assert_eq!(problem["detail"], expected);
    let first = ann.get("/tasks?limit=1").await.expect(200).json()[0].clone();
    ann.delete(&path(&first)).await.expect(204);
    ann.post("/tasks", &body).await.expect(201);
    ann.delete(&path(&root)).await.expect(204);
    assert_eq!(ann.all("/tasks").await, [Value::Null; 0]);
    ann.post_empty(&format!("/trash/{}/restore", root["id"]))
        .await
        .expect(200);
    assert_eq!(ann.all("/tasks?limit=200").await.len(), 1000);
}

async fn a_task_takes_all_below_along_to_another_project(app: TestApp) {
    let ann = app.user("ann").await;
    let project = ann.project("House").await;
    let tasks = chain(&ann, 3).await;
    let body = json!({ "project_id": project["id"] });
    ann.patch(&path(&tasks[0]), &body).await.expect(200);
    for task in &tasks {
        let task = now(&ann, task).await;
        assert_eq!(
            (&task["project_id"], &task["version"]),
            (&project["id"], &json!(2))
        );
    }
    // The second leaves with the third below it.
    let body = json!({ "parent_id": null, "project_id": null });
    ann.patch(&path(&tasks[1]), &body).await.expect(200);
    let third = now(&ann, &tasks[2]).await;
    assert_eq!(
        (&third["project_id"], &third["version"]),
        (&Value::Null, &json!(3))
    );
    assert_eq!(third["parent_id"], tasks[1]["id"]);
    assert_eq!(now(&ann, &tasks[0]).await["version"], 2);
}

async fn a_task_takes_all_below_along_to_another_parent(app: TestApp) {
    let ann = app.user("ann").await;
    let (tasks, root) = (chain(&ann, 3).await, ann.task("Root").await);
    let body = json!({ "parent_id": root["id"] });
    let moved = ann.patch(&path(&tasks[1]), &body).await.expect(200).json();
    assert_eq!(
        (&moved["parent_id"], &moved["version"]),
        (&root["id"], &json!(2))
    );
    let others = [&tasks[0], &tasks[2], &root];
    assert_eq!(versions(&ann, &others).await, [1, 1, 1], "no other changes");
    assert_eq!(now(&ann, &tasks[2]).await["parent_id"], tasks[1]["id"]);
}

async fn a_deletion_takes_along_what_is_below_and_brings_it_back(app: TestApp) {
    let ann = app.user("ann").await;
    let tasks = chain(&ann, 4).await;
    ann.delete(&path(&tasks[1])).await.expect(204);
    assert_eq!(now(&ann, &tasks[0]).await, tasks[0]);
    for task in &tasks[1..] {
        ann.get(&path(task)).await.problem(404, "not_found");
    }
    let trash = ann.all("/trash").await;
    let trashed: Vec<_> = trash
        .iter()
        .map(|task| (&task["id"], &task["parent_id"]))
        .collect();
    let expected = tasks[1..].iter().rev();
    let expected: Vec<_> = expected
        .map(|task| (&task["id"], &task["parent_id"]))
        .collect();
    assert_eq!(trashed, expected, "with references as they were");
    let restore = format!("/trash/{}/restore", tasks[1]["id"]);
    let restored = ann.post_empty(&restore).await.expect(200).json();
    assert_eq!(
        (&restored["parent_id"], &restored["version"]),
        (&tasks[0]["id"], &json!(3))
    );
    for task in &tasks[1..] {
        let mut expected = task.clone();
        expected["version"] = json!(3);
        let found = now(&ann, task).await;
        expected["updated_at"] = found["updated_at"].clone();
        assert_eq!(found, expected);
    }
}

async fn a_deletion_may_leave_the_subtasks(app: TestApp) {
    let ann = app.user("ann").await;
    let tasks = chain(&ann, 4).await;
    ann.delete(&format!("{}?subtasks=keep", path(&tasks[1])))
        .await
        .expect(204);
    let third = now(&ann, &tasks[2]).await;
    assert_eq!(
        (&third["parent_id"], &third["version"]),
        (&tasks[0]["id"], &json!(2))
    );
    assert_eq!(versions(&ann, &[&tasks[0], &tasks[3]]).await, [1, 1]);
    let restore = format!("/trash/{}/restore", tasks[1]["id"]);
    ann.post_empty(&restore).await.expect(200);
    assert_eq!(
        now(&ann, &third).await,
        third,
        "it stays where it is by now"
    );
    ann.delete(&format!("{}?subtasks=keep", path(&tasks[0])))
        .await
        .expect(204);
    assert_eq!(now(&ann, &third).await["parent_id"], Value::Null);
    let faults = ann
        .delete(&format!("{}?subtasks=close", path(&third)))
        .await;
    assert!(faults.faults()[0].contains("subtasks"));
}

async fn a_restore_brings_back_nothing_else(app: TestApp) {
    let ann = app.user("ann").await;
    let root = ann.task("Root").await;
    let [before, restored, purged, left] =
        ["before", "restored", "purged", "left"].map(|title| (title, root.clone()));
    let mut tasks = Vec::new();
    for (title, root) in [&before, &restored, &purged, &left] {
        tasks.push(subtask(&ann, title, root).await);
    }
    let below = subtask(&ann, "below the purged one", &tasks[2]).await;
    ann.delete(&path(&tasks[0])).await.expect(204);
    ann.delete(&path(&root)).await.expect(204);
    let restore = |task: &Value| format!("/trash/{}/restore", task["id"]);
    let alone = ann.post_empty(&restore(&tasks[1])).await.expect(200).json();
    assert_eq!(
        alone["parent_id"],
        Value::Null,
        "its parent is in the trash"
    );
    ann.delete(&format!("/trash/{}", tasks[2]["id"]))
        .await
        .expect(204);
    ann.post_empty(&restore(&root)).await.expect(200);
    let live: Vec<Value> = ann.all("/tasks").await;
    let live: Vec<&Value> = live.iter().map(|task| &task["title"]).collect();
    assert_eq!(live, ["left", "restored", "Root"]);
    let trash = ann.all("/trash").await;
    let trash: Vec<&Value> = trash.iter().map(|task| &task["id"]).collect();
    assert_eq!(trash, [&below["id"], &tasks[0]["id"]]);
    assert_eq!(now(&ann, &tasks[1]).await, alone);
}

async fn what_comes_back_loses_a_parent_that_is_gone_or_full(app: TestApp) {
    let ann = app.user("ann").await;
    let restore = |task: &Value| format!("/trash/{}/restore", task["id"]);
    // The parent is purged.
    let pair = chain(&ann, 2).await;
    ann.delete(&path(&pair[1])).await.expect(204);
    ann.delete(&path(&pair[0])).await.expect(204);
    ann.delete(&format!("/trash/{}", pair[0]["id"]))
        .await
        .expect(204);
    let lost = ann.post_empty(&restore(&pair[1])).await.expect(200).json();
    assert_eq!(
        (&lost["parent_id"], &lost["version"]),
        (&Value::Null, &json!(3))
    );
    // The parent is at the fifth level by now, and in a project.
    let (deep, pair) = (chain(&ann, 4).await, chain(&ann, 2).await);
    let project = ann.project("House").await;
    ann.delete(&path(&pair[1])).await.expect(204);
    let body = json!({ "project_id": project["id"] });
    ann.patch(&path(&deep[0]), &body).await.expect(200);
    let body = json!({ "parent_id": deep[3]["id"] });
    ann.patch(&path(&pair[0]), &body).await.expect(200);
    let lost = ann.post_empty(&restore(&pair[1])).await.expect(200).json();
    assert_eq!(
        (&lost["parent_id"], &lost["project_id"]),
        (&Value::Null, &Value::Null)
    );
    // It fits, and takes the project of its parent.
    ann.delete(&path(&lost)).await.expect(204);
    let body = json!({ "parent_id": null });
    ann.patch(&path(&pair[0]), &body).await.expect(200);
    let body = json!({ "title": "child", "parent_id": pair[0]["id"] });
    let child = ann.post("/tasks", &body).await.expect(201).json();
    ann.delete(&path(&child)).await.expect(204);
    let body = json!({ "project_id": null });
    ann.patch(&path(&pair[0]), &body).await.expect(200);
    let back = ann.post_empty(&restore(&child)).await.expect(200).json();
    assert_eq!(
        (&back["parent_id"], &back["project_id"]),
        (&pair[0]["id"], &Value::Null)
    );
}

async fn a_restore_of_a_taken_external_id_brings_nothing_back(app: TestApp) {
    let ann = app.user("ann").await;
    let root = ann.task("Root").await;
    let body = json!({ "title": "T", "parent_id": root["id"], "external_id": "x" });
    ann.post("/tasks", &body).await.expect(201);
    ann.delete(&path(&root)).await.expect(204);
    let body = json!({ "title": "U", "external_id": "x" });
    let holder = ann.post("/tasks", &body).await.expect(201).json();
    let restore = format!("/trash/{}/restore", root["id"]);
    let problem = ann.post_empty(&restore).await.problem(409, "conflict");
    assert_eq!(problem["conflicting_id"], holder["id"]);
    assert_eq!(ann.all("/tasks").await, std::slice::from_ref(&holder));
    assert_eq!(ann.all("/trash").await.len(), 2);
    ann.delete(&path(&holder)).await.expect(204);
    ann.post_empty(&restore).await.expect(200);
    assert_eq!(ann.all("/tasks").await.len(), 2);
}

async fn closing_a_task_closes_below_it_where_that_is_asked_for(app: TestApp) {
    let ann = app.user("ann").await;
    let tasks = chain(&ann, 4).await;
    let cancelled = json!({ "status": "cancelled" });
    ann.patch(&path(&tasks[2]), &cancelled).await.expect(200);
    let done = json!({ "status": "done" });
    ann.patch(&path(&tasks[1]), &done).await.expect(200);
    assert_eq!(now(&ann, &tasks[3]).await["status"], "todo");
    let title = json!({ "title": "T" });
    for status in [&title, &json!({ "status": "todo" })] {
        let target = format!("{}?subtasks=close", path(&tasks[0]));
        assert!(ann.patch(&target, status).await.faults()[0].contains("subtasks"));
    }
    let close = format!("{}?subtasks=close", path(&tasks[0]));
    let answer = ann.patch(&close, &done).await.expect(200).json();
    assert_eq!(answer["status"], "done");
    let found = join_all(tasks.iter().map(|task| now(&ann, task))).await;
    let statuses: Vec<&Value> = found.iter().map(|task| &task["status"]).collect();
    assert_eq!(statuses, ["done", "done", "cancelled", "done"]);
    assert!(found[3]["completed_at"].is_string());
    let all: Vec<&Value> = tasks.iter().collect();
    assert_eq!(versions(&ann, &all).await, [2, 2, 2, 2]);
    // Reopening touches no other.
    let todo = json!({ "status": "todo" });
    ann.patch(&path(&tasks[3]), &todo).await.expect(200);
    assert_eq!(versions(&ann, &all).await, [2, 2, 2, 3]);
}
