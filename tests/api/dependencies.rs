//! Dependencies: tasks that block others.

use serde_json::{Value, json};

use crate::{
    cases,
    support::{app::TestApp, client::Client},
};

cases![
    blockers_are_kept_in_order_and_only_new_ones_are_looked_at,
    a_blocked_task_does_not_become_done,
    what_the_same_change_closes_does_not_block,
    a_cycle_is_refused_through_the_trash_too,
    a_long_chain_is_refused,
    a_blocker_that_is_gone_stays_named,
];

fn path(task: &Value) -> String {
    format!("/tasks/{}", task["id"])
}

async fn blocked_by(client: &Client, title: &str, blockers: &[&Value]) -> Value {
    let ids: Vec<&Value> = blockers.iter().map(|task| &task["id"]).collect();
    let body = json!({ "title": title, "blocked_by": ids });
    client.post("/tasks", &body).await.expect(201).json()
}

async fn blockers_are_kept_in_order_and_only_new_ones_are_looked_at(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (first, second) = (ann.task("1").await, ann.task("2").await);
    let task = blocked_by(&ann, "T", &[&second, &first]).await;
    assert_eq!(task["blocked_by"], json!([first["id"], second["id"]]));
    let theirs = bob.task("Theirs").await;
    for id in [json!(987_654_321), theirs["id"].clone()] {
        let body = json!({ "blocked_by": [first["id"], id] });
        let problem = ann
            .patch(&path(&task), &body)
            .await
            .problem(409, "conflict");
        let expected = format!("blocked_by: {id} is none of yours, or it is in the trash");
        assert_eq!(problem["detail"], expected);
    }
    ann.delete(&path(&first)).await.expect(204);
    let body = json!({ "blocked_by": [second["id"], first["id"]], "title": "U" });
    let kept = ann.patch(&path(&task), &body).await.expect(200).json();
    assert_eq!(
        (&kept["blocked_by"], &kept["version"]),
        (&task["blocked_by"], &json!(2))
    );
    let body = json!({ "title": "V", "blocked_by": [first["id"]] });
    ann.post("/tasks", &body).await.problem(409, "conflict");
    let same = json!({ "blocked_by": [first["id"], first["id"]] });
    let faults = ann.patch(&path(&task), &same).await.faults();
    assert!(faults[0].contains("/blocked_by/1"), "{faults:?}");
    let many: Vec<i64> = (1..=21).collect();
    let faults = ann
        .patch(&path(&task), &json!({ "blocked_by": many }))
        .await
        .faults();
    assert!(faults[0].contains("/blocked_by"), "{faults:?}");
    let none = json!({ "blocked_by": [] });
    let free = ann.patch(&path(&task), &none).await.expect(200).json();
    assert_eq!(free["blocked_by"], json!([]));
    let null = json!({ "blocked_by": null });
    ann.patch(&path(&task), &null).await.faults();
}

async fn a_blocked_task_does_not_become_done(app: TestApp) {
    let ann = app.user("ann").await;
    let (first, second) = (ann.task("1").await, ann.task("2").await);
    let task = blocked_by(&ann, "T", &[&first, &second]).await;
    let done = json!({ "status": "done" });
    let problem = ann.patch(&path(&task), &done).await.problem(409, "blocked");
    assert_eq!(problem["blocked_by"], json!([first["id"], second["id"]]));
    // Everything else is free.
    for body in [json!({ "status": "in_progress" }), json!({ "title": "U" })] {
        ann.patch(&path(&task), &body).await.expect(200);
    }
    let cancelled = json!({ "status": "cancelled" });
    ann.patch(&path(&first), &cancelled).await.expect(200);
    let problem = ann.patch(&path(&task), &done).await.problem(409, "blocked");
    assert_eq!(problem["blocked_by"], json!([second["id"]]));
    let operation = json!({ "op": "update", "id": task["id"], "task": done });
    let batch = json!({ "operations": [operation] });
    let problem = ann
        .post("/tasks/batch", &batch)
        .await
        .problem(409, "blocked");
    assert_eq!(problem["blocked_by"], json!([second["id"]]));
    assert_eq!(problem["index"], 0);
    ann.delete(&path(&second)).await.expect(204);
    ann.patch(&path(&task), &done).await.expect(200);
    // It is done already, and reopening a blocker changes nothing.
    ann.post_empty(&format!("/trash/{}/restore", second["id"]))
        .await
        .expect(200);
    let again = json!({ "status": "done", "title": "V" });
    ann.patch(&path(&task), &again).await.expect(200);
    ann.patch(&path(&task), &json!({ "status": "todo" }))
        .await
        .expect(200);
    ann.patch(&path(&task), &done).await.problem(409, "blocked");
    let forced = format!("{}?force=true", path(&task));
    let forced = ann.patch(&forced, &done).await.expect(200).json();
    assert_eq!(forced["status"], "done");
    let body = json!({ "title": "W", "status": "done", "blocked_by": [second["id"]] });
    ann.post("/tasks", &body).await.expect(201);
    let faults = ann
        .patch(&format!("{}?force=1", path(&task)), &done)
        .await
        .faults();
    assert!(faults[0].contains("force"), "{faults:?}");
}

async fn what_the_same_change_closes_does_not_block(app: TestApp) {
    let ann = app.user("ann").await;
    let root = ann.task("Root").await;
    let body = json!({ "title": "1", "parent_id": root["id"] });
    let first = ann.post("/tasks", &body).await.expect(201).json();
    let outside = ann.task("outside").await;
    let body = json!({ "title": "2", "parent_id": root["id"], "blocked_by": [first["id"]] });
    let second = ann.post("/tasks", &body).await.expect(201).json();
    let body = json!({ "blocked_by": [second["id"]] });
    ann.patch(&path(&root), &body).await.expect(200);
    let done = json!({ "status": "done" });
    let close = format!("{}?subtasks=close", path(&root));
    let body = json!({ "blocked_by": [first["id"], outside["id"]] });
    ann.patch(&path(&second), &body).await.expect(200);
    let problem = ann.patch(&close, &done).await.problem(409, "blocked");
    assert_eq!(
        problem["blocked_by"],
        json!([outside["id"]]),
        "one below it is blocked"
    );
    let operations = json!({ "operations": [
        { "op": "update", "id": outside["id"], "task": done },
        { "op": "update", "id": root["id"], "subtasks": "close", "task": done },
    ] });
    ann.post("/tasks/batch", &operations).await.expect(200);
    let open = ann.all("/tasks?status=todo,in_progress").await;
    assert_eq!(open, [Value::Null; 0]);
}

async fn a_cycle_is_refused_through_the_trash_too(app: TestApp) {
    let ann = app.user("ann").await;
    let first = ann.task("1").await;
    let second = blocked_by(&ann, "2", &[&first]).await;
    let third = blocked_by(&ann, "3", &[&second]).await;
    for blocker in [&first, &second, &third] {
        let body = json!({ "blocked_by": [blocker["id"]] });
        ann.patch(&path(&first), &body)
            .await
            .problem(409, "conflict");
    }
    ann.delete(&path(&second)).await.expect(204);
    let body = json!({ "blocked_by": [third["id"]] });
    let problem = ann
        .patch(&path(&first), &body)
        .await
        .problem(409, "conflict");
    let expected =
        "a task cannot be blocked by itself or by a task that it blocks, directly or not";
    assert_eq!(problem["detail"], expected);
    ann.delete(&format!("/trash/{}", second["id"]))
        .await
        .expect(204);
    ann.patch(&path(&first), &body).await.expect(200);
    // In one batch, through what it changes itself.
    let operations = json!({ "operations": [
        { "op": "create", "id": -1, "task": { "title": "A" } },
        { "op": "create", "id": -2, "task": { "title": "B", "blocked_by": [-1] } },
        { "op": "update", "id": -1, "task": { "blocked_by": [-2] } },
    ] });
    let problem = ann
        .post("/tasks/batch", &operations)
        .await
        .problem(409, "conflict");
    assert_eq!(problem["index"], 2);
}

async fn a_long_chain_is_refused(app: TestApp) {
    let ann = app.user("ann").await;
    let mut last = ann.task("0").await["id"].clone();
    let (first, mut count) = (last.clone(), 1);
    while count < 1000 {
        let length = 100.min(1000 - count);
        let operations = (0..length).map(|number| {
            let blocker = if number == 0 { last.clone() } else { json!(-number) };
            json!({ "op": "create", "id": -number - 1, "task": { "title": "T", "blocked_by": [blocker] } })
        });
        let batch = json!({ "operations": operations.collect::<Vec<_>>() });
        let results = ann.post("/tasks/batch", &batch).await.expect(200).json();
        let results = results["results"].as_array().unwrap();
        last = results.last().unwrap()["task"]["id"].clone();
        count += length;
    }
    let task = ann.task("T").await;
    let body = json!({ "blocked_by": [last] });
    ann.patch(&path(&task), &body).await.expect(200);
    let other = ann.task("U").await;
    let body = json!({ "blocked_by": [task["id"]] });
    let problem = ann
        .patch(&path(&other), &body)
        .await
        .problem(409, "conflict");
    let expected = "more than 1000 tasks would block the task, directly or not";
    assert_eq!(problem["detail"], expected);
    // For one that is new no cycle can come about.
    blocked_by(&ann, "V", &[&task]).await;
    let body = json!({ "blocked_by": [task["id"]] });
    let cycle = ann.patch(&format!("/tasks/{first}"), &body).await;
    cycle.problem(409, "conflict");
}

async fn a_blocker_that_is_gone_stays_named(app: TestApp) {
    let ann = app.user("ann").await;
    let blocker = ann.task("1").await;
    let task = blocked_by(&ann, "T", &[&blocker]).await;
    ann.delete(&path(&blocker)).await.expect(204);
    assert_eq!(ann.get(&path(&task)).await.expect(200).json(), task);
    ann.delete(&format!("/trash/{}", blocker["id"]))
        .await
        .expect(204);
    assert_eq!(ann.get(&path(&task)).await.expect(200).json(), task);
    let done = json!({ "status": "done" });
    ann.patch(&path(&task), &done).await.expect(200);
}
