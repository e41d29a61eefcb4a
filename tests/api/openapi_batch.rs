//! Batches: what the document allows is taken, what it forbids is refused, and the results are as it
//! says. (That every answer keeps its schema is checked as it comes in.)

use serde_json::{Value, json};

use crate::{
    cases,
    support::{app::TestApp, client::Client, documented::Schema},
};

cases![
    a_batch_is_taken_as_documented,
    an_operation_is_taken_as_documented,
    every_result_has_its_shape,
    a_failed_atomic_batch_says_which_operation,
];

const ID_MAX: i64 = 9_007_199_254_740_991;

/// Whether the service finds nothing wrong with the request itself.
async fn is_valid(client: &Client, body: &Value) -> bool {
    let answer = client.post("/tasks/batch", body).await;
    match answer.status.as_u16() {
        200 | 404 | 409 | 412 => true,
        _ => {
            answer.problem(422, "validation_failed");
            false
        }
    }
}

async fn a_batch_is_taken_as_documented(app: TestApp) {
    let ann = app.user("ann").await;
    let schema = Schema::named("BatchRequest");
    let one = json!({ "op": "create", "task": { "title": "T" } });
    let many = |count: usize| json!({ "dry_run": true, "operations": vec![&one; count] });
    let with = |name: &str, value: Value| {
        let mut body = many(1);
        body[name] = value;
        body
    };
    let bodies = [
        many(0),
        many(1),
        many(100),
        many(101),
        json!({}),
        json!({ "dry_run": true }),
        with("operations", Value::Null),
        with("operations", one.clone()),
        with("operations", json!("create")),
        with("atomic", json!(true)),
        with("atomic", json!(false)),
        with("atomic", Value::Null),
        with("atomic", json!("true")),
        with("atomic", json!(1)),
        with("dry_run", json!(false)),
        with("dry_run", Value::Null),
        with("dry_run", json!([])),
        with("dryrun", json!(true)),
        with("index", json!(0)),
    ];
    let mut allowed = 0;
    for body in bodies {
        let expected = schema.allows(&body);
        allowed += usize::from(expected);
        assert_eq!(is_valid(&ann, &body).await, expected, "{body}");
    }
    assert_eq!(allowed, 5);
}

/// Operations of each kind, right and wrong.
fn operations() -> Vec<Value> {
    let mut operations = vec![
        json!({ "op": "create", "task": { "title": "T", "labels": ["a"], "external_id": "x" } }),
        json!({ "op": "create" }),
        json!({ "op": "create", "task": null }),
        json!({ "op": "create", "task": [] }),
        json!({ "op": "create", "task": {} }),
        json!({ "op": "create", "task": { "title": "" } }),
        json!({ "op": "create", "task": { "title": "T", "labels": ["a,b"] } }),
        json!({ "op": "create", "task": { "title": "T", "id": 1 } }),
        json!({ "op": "update", "id": 1, "task": {} }),
        json!({ "op": "update", "id": 1, "task": { "external_id": null } }),
        json!({ "op": "update", "id": 1, "task": { "title": null } }),
        json!({ "op": "update", "id": 1 }),
        json!({ "op": "update", "task": {} }),
        json!({ "op": "delete" }),
        json!({ "op": "restore" }),
        json!({ "op": "move", "id": 1 }),
        json!({ "op": "move", "id": 1, "before": 2, "after": 3 }),
        json!({ "op": "move", "id": 1, "before": 0 }),
        json!({ "op": "create", "task": { "title": "T", "parent_id": 0 } }),
        json!({ "op": "create", "task": { "title": "T", "parent_id": 1, "blocked_by": [1] } }),
        json!({ "op": "create", "task": { "title": "T", "blocked_by": [1, 1] } }),
        json!({ "op": "update", "id": 1, "subtasks": "keep", "force": true, "task": {} }),
        json!({ "op": "update", "id": 1, "subtasks": "trash", "task": {} }),
        json!({ "op": "delete", "id": 1, "subtasks": "keep" }),
        json!({ "op": "delete", "id": 1, "subtasks": "close" }),
        json!({ "op": "remove", "id": 1 }),
        json!({ "op": "Create", "task": { "title": "T" } }),
        json!({ "op": null }),
        json!({ "op": 7 }),
        json!({ "id": 1 }),
        json!({}),
        json!([]),
        json!("create"),
        json!(7),
        json!(null),
    ];
    let bases = [
        json!({ "op": "create", "task": { "title": "T" } }),
        json!({ "op": "update", "id": 1, "task": {} }),
        json!({ "op": "delete", "id": 1 }),
        json!({ "op": "restore", "id": 1 }),
        json!({ "op": "move", "id": 1, "after": 2 }),
    ];
    let numbers = [
        json!(0),
        json!(1),
        json!(-101),
        json!(1.0),
        json!(1.5),
        json!("1"),
        json!(null),
        json!(true),
        json!(ID_MAX),
        json!(ID_MAX + 1),
        json!(1e300),
    ];
    // Each kind with each member of another, too.
    for base in &bases {
        for member in ["id", "if_version"] {
            for number in &numbers {
                operations.push(with(base, member, number.clone()));
            }
        }
        operations.push(with(base, "task", json!({ "title": "T" })));
        operations.push(with(base, "task", json!({ "title": "T", "titel": "U" })));
        operations.push(with(base, "tasks", json!({ "title": "T" })));
    }
    operations
}

fn with(base: &Value, member: &str, value: Value) -> Value {
    let mut operation = base.clone();
    operation[member] = value;
    operation
}

async fn an_operation_is_taken_as_documented(app: TestApp) {
    let ann = app.user("ann").await;
    ann.task("T").await;
    let schema = Schema::named("BatchRequest");
    let mut verdicts = [0, 0];
    for operation in operations() {
        let body = json!({ "dry_run": true, "operations": [operation] });
        let allowed = schema.allows(&body);
        verdicts[usize::from(allowed)] += 1;
        assert_eq!(is_valid(&ann, &body).await, allowed, "{operation}");
        // Without atomic it fails alone, and only it.
        let fine = json!({ "op": "create", "task": { "title": "T" } });
        let body = json!({ "atomic": false, "dry_run": true, "operations": [operation, fine] });
        let results = ann.post("/tasks/batch", &body).await.expect(200).json();
        assert_eq!(
            results["results"][0]["status"] != 422,
            allowed,
            "{operation}"
        );
        assert_eq!(results["results"][1]["status"], 201, "{operation}");
    }
    assert!(verdicts.iter().all(|count| *count > 15), "{verdicts:?}");
}

async fn every_result_has_its_shape(app: TestApp) {
    let ann = app.user("ann").await;
    let first = ann.task("First").await["id"].clone();
    let second = ann.task("Second").await["id"].clone();
    let body = json!({ "atomic": false, "operations": [
        { "op": "create", "task": { "title": "T", "external_id": "x" } },
        { "op": "update", "id": first, "if_version": 1, "task": { "status": "done" } },
        { "op": "delete", "id": second },
        { "op": "restore", "id": second },
        { "op": "restore", "id": second },
        { "op": "create", "task": { "title": "T", "external_id": "x" } },
        { "op": "update", "id": first, "if_version": 1, "task": {} },
        { "op": "update", "id": first, "task": { "title": "" } },
    ] });
    let results = ann.post("/tasks/batch", &body).await.expect(200).json();
    let results = results["results"].as_array().unwrap();
    let statuses: Vec<u64> = results
        .iter()
        .map(|r| r["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [201, 200, 204, 200, 404, 409, 412, 422]);
    for result in results {
        let members: Vec<&String> = result.as_object().unwrap().keys().collect();
        let expected: &[&str] = match result["status"].as_u64().unwrap() {
            204 => &["status"],
            200 | 201 => &["status", "task"],
            _ => &["problem", "status"],
        };
        let mut members = members;
        members.sort();
        assert_eq!(members, expected);
        assert!(result["problem"].get("index").is_none(), "{result}");
    }
    assert_eq!(results[6]["problem"]["current"], results[1]["task"]);
    assert_eq!(
        results[7]["problem"]["errors"][0]["pointer"],
        "/operations/7/task/title"
    );
}

async fn a_failed_atomic_batch_says_which_operation(app: TestApp) {
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let id = &task["id"];
    let named = json!({ "title": "T", "external_id": "x" });
    ann.post("/tasks", &named).await.expect(201);
    for (operation, status, code) in [
        (json!({ "op": "delete", "id": 999 }), 404, "not_found"),
        (json!({ "op": "create", "task": named }), 409, "conflict"),
        (
            json!({ "op": "delete", "id": id, "if_version": 9 }),
            412,
            "version_mismatch",
        ),
        (
            json!({ "op": "delete", "id": "1" }),
            422,
            "validation_failed",
        ),
    ] {
        let fine = json!({ "op": "create", "task": { "title": "T" } });
        let body = json!({ "operations": [fine, operation] });
        let problem = ann.post("/tasks/batch", &body).await.problem(status, code);
        assert_eq!(problem["index"], 1, "{problem}");
        if status == 412 {
            assert_eq!(problem["current"], task);
        }
    }
    // What is wrong with the batch itself is no operation's fault.
    let answer = ann.post("/tasks/batch", &json!({ "operations": [] })).await;
    let problem = answer.problem(422, "validation_failed");
    assert!(problem.get("index").is_none(), "{problem}");
}
