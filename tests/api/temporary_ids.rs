//! Batches that name the tasks which they create.

use serde_json::{Value, json};

use crate::{cases, support::app::TestApp};

cases![
    one_batch_makes_a_tree,
    a_dry_run_shows_a_tree_and_keeps_nothing,
    a_name_must_be_given_before_and_once,
    what_names_a_task_that_was_not_created_fails,
];

fn tree() -> Value {
    json!([
        { "op": "create", "id": -100, "task": { "title": "Move house" } },
        { "op": "create", "id": -2, "task": { "title": "Pack", "parent_id": -100 } },
        { "op": "create", "id": -1, "task": { "title": "Clean", "parent_id": -100, "blocked_by": [-2] } },
        { "op": "move", "id": -1, "before": -100 },
        { "op": "update", "id": -2, "task": { "status": "done" } },
        { "op": "delete", "id": -1 },
        { "op": "restore", "id": -1 },
    ])
}

async fn one_batch_makes_a_tree(app: TestApp) {
    let ann = app.user("ann").await;
    let batch = json!({ "operations": tree() });
    let results = ann.post("/tasks/batch", &batch).await.expect(200).json();
    let results = results["results"].as_array().unwrap();
    let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [201, 201, 201, 200, 200, 204, 200]);
    let [house, pack, clean] = [0, 4, 6].map(|number| &results[number]["task"]);
    assert_eq!(
        (&pack["parent_id"], &clean["parent_id"]),
        (&house["id"], &house["id"])
    );
    assert_eq!(clean["blocked_by"], json!([pack["id"]]));
    assert_eq!(
        (&pack["version"], &clean["version"]),
        (&json!(2), &json!(4))
    );
    assert_eq!(
        ann.all("/tasks?sort=position").await,
        [clean.clone(), house.clone(), pack.clone()]
    );
    let later = ann.task("later").await;
    assert!(later["id"].as_i64() > clean["id"].as_i64());
}

async fn a_dry_run_shows_a_tree_and_keeps_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    let batch = json!({ "dry_run": true, "operations": tree() });
    let results = ann.post("/tasks/batch", &batch).await.expect(200).json();
    assert_eq!(
        results["results"][1]["task"]["parent_id"],
        results["results"][0]["task"]["id"]
    );
    assert_eq!(ann.all("/tasks").await, [Value::Null; 0]);
}

async fn a_name_must_be_given_before_and_once(app: TestApp) {
    let ann = app.user("ann").await;
    let id = ann.task("T").await["id"].clone();
    let wrong = [
        (
            json!({ "op": "create", "id": -1, "task": { "title": "T" } }),
            "/operations/1/id",
        ),
        (
            json!({ "op": "create", "task": { "title": "T", "parent_id": -3 } }),
            "/operations/1/task/parent_id",
        ),
        (
            json!({ "op": "create", "id": -3, "task": { "title": "T", "parent_id": -3 } }),
            "/operations/1/task/parent_id",
        ),
        (
            json!({ "op": "update", "id": id, "task": { "blocked_by": [-1, -3] } }),
            "/operations/1/task/blocked_by/1",
        ),
        (
            json!({ "op": "update", "id": -3, "task": {} }),
            "/operations/1/id",
        ),
        (json!({ "op": "delete", "id": -3 }), "/operations/1/id"),
        (json!({ "op": "restore", "id": -3 }), "/operations/1/id"),
        (
            json!({ "op": "move", "id": id, "after": -3 }),
            "/operations/1/after",
        ),
        (
            json!({ "op": "move", "id": id, "before": -3 }),
            "/operations/1/before",
        ),
        (
            json!({ "op": "create", "id": -101, "task": { "title": "T" } }),
            "/operations/1/id",
        ),
        (
            json!({ "op": "create", "id": 0, "task": { "title": "T" } }),
            "/operations/1/id",
        ),
        (
            json!({ "op": "create", "id": 7, "task": { "title": "T" } }),
            "/operations/1/id",
        ),
    ];
    for (operation, pointer) in wrong {
        let first = json!({ "op": "create", "id": -1, "task": { "title": "T" } });
        let batch = json!({ "operations": [first, operation] });
        let problem = ann
            .post("/tasks/batch", &batch)
            .await
            .problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{operation}");
        assert_eq!(problem["index"], 1);
    }
    assert_eq!(ann.all("/tasks").await.len(), 1);
}

async fn what_names_a_task_that_was_not_created_fails(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({ "title": "T", "external_id": "x" });
    let id = ann.post("/tasks", &body).await.expect(201).json()["id"].clone();
    let batch = json!({ "atomic": false, "operations": [
        { "op": "create", "id": -1, "task": { "title": "" } },
        { "op": "create", "id": -2, "task": { "title": "T", "external_id": "x" } },
        { "op": "create", "id": -3, "task": { "title": "T", "parent_id": -1 } },
        { "op": "create", "task": { "title": "T", "blocked_by": [-2] } },
        { "op": "update", "id": -3, "task": {} },
        { "op": "move", "id": id, "after": -2 },
        { "op": "create", "task": { "title": "fine" } },
    ] });
    let results = ann.post("/tasks/batch", &batch).await.expect(200).json();
    let results = results["results"].as_array().unwrap();
    let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [422, 409, 409, 409, 409, 409, 201]);
    assert_eq!(
        results[2]["problem"]["detail"],
        "the task -1 was not created"
    );
    assert_eq!(ann.all("/tasks").await.len(), 2);
}
