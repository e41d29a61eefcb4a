//! `POST /tasks/batch`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{answer::Answer, app::TestApp, client::Client},
};

cases![
    operations_run_in_order_and_see_each_other,
    a_failure_undoes_an_atomic_batch_and_says_where_it_was,
    without_atomic_each_operation_fails_alone,
    a_dry_run_answers_the_same_and_keeps_nothing,
    external_ids_change_hands_within_a_batch,
    versions_are_those_within_the_batch,
    a_hundred_operations_and_no_more,
    what_is_wrong_is_named_by_its_place,
    a_number_in_bounds_is_taken_however_it_is_written,
    no_batch_reaches_anothers_tasks,
];

async fn run(client: &Client, body: Value) -> Answer {
    client.post("/tasks/batch", &body).await
}

async fn results(client: &Client, body: Value) -> Vec<Value> {
    let answer = run(client, body).await.expect(200).json();
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    answer["results"].as_array().unwrap().clone()
}

/// The status of each result, and the code of its problem where it has one.
fn outcomes(results: &[Value]) -> Vec<String> {
    let outcome = |result: &Value| match result["problem"]["code"].as_str() {
        Some(code) => {
            assert_eq!(result["status"], result["problem"]["status"], "{result}");
            assert!(result.get("task").is_none(), "{result}");
            format!("{} {code}", result["status"])
        }
        None => result["status"].to_string(),
    };
    results.iter().map(outcome).collect()
}

fn create(title: &str) -> Value {
    json!({ "op": "create", "task": { "title": title } })
}

fn update(id: &Value, task: Value) -> Value {
    json!({ "op": "update", "id": id, "task": task })
}

async fn operations_run_in_order_and_see_each_other(app: TestApp) {
    let ann = app.user("ann").await;
    let (kept, gone) = (ann.task("kept").await, ann.task("gone").await);
    let operations = json!([
        create("first"),
        update(&kept["id"], json!({ "status": "done" })),
        update(&kept["id"], json!({ "status": "done" })),
        { "op": "delete", "id": gone["id"], "if_version": 1 },
        { "op": "restore", "id": gone["id"] },
        { "op": "delete", "id": gone["id"], "if_version": 3 },
        create("second"),
    ]);
    let found = results(&ann, json!({ "operations": operations })).await;
    assert_eq!(
        outcomes(&found),
        ["201", "200", "200", "204", "200", "204", "201"]
    );
    assert_eq!(found[3], json!({ "status": 204 }));
    let ids = [&found[0], &found[6]].map(|result| result["task"]["id"].as_i64().unwrap());
    assert!(gone["id"].as_i64().unwrap() < ids[0] && ids[0] < ids[1]);
    assert_eq!(found[1], found[2], "what is the same already is no change");
    assert_eq!(found[1]["task"]["version"], 2);
    let done = &found[1]["task"];
    assert_eq!(done["completed_at"], done["updated_at"]);
    // What the answer shows is what is there.
    let list = ann.all("/tasks?sort=id").await;
    assert_eq!(
        list,
        [&found[1], &found[0], &found[6]].map(|r| r["task"].clone())
    );
    let trash = ann.all("/trash").await;
    assert_eq!((trash.len(), &trash[0]["version"]), (1, &json!(4)));
}

async fn a_failure_undoes_an_atomic_batch_and_says_where_it_was(app: TestApp) {
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let taken = json!({ "title": "X", "external_id": "x" });
    ann.post("/tasks", &taken).await.expect(201);
    let before = ann.all("/tasks").await;
    for (operation, status, code) in [
        (update(&json!(999), json!({})), 404, "not_found"),
        (
            json!({ "op": "restore", "id": task["id"] }),
            404,
            "not_found",
        ),
        (
            json!({ "op": "delete", "id": task["id"], "if_version": 7 }),
            412,
            "version_mismatch",
        ),
        (
            update(&task["id"], json!({ "external_id": "x" })),
            409,
            "conflict",
        ),
        (json!({ "op": "create", "task": taken }), 409, "conflict"),
        (
            update(&task["id"], json!({ "title": "" })),
            422,
            "validation_failed",
        ),
    ] {
        let renamed = update(&task["id"], json!({ "title": "renamed" }));
        let operations = json!([create("new"), renamed, operation, create("newer")]);
        let answer = run(&ann, json!({ "operations": operations })).await;
        let problem = answer.problem(status, code);
        assert_eq!(problem["index"], 2, "{problem}");
        if status == 412 {
            let current = &problem["current"];
            assert_eq!(current["title"], "renamed", "as it is within the batch");
            assert_eq!(current["version"], 2);
        }
        if status == 422 {
            assert_eq!(problem["errors"][0]["pointer"], "/operations/2/task/title");
        }
        assert_eq!(ann.all("/tasks").await, before, "nothing of it stays");
    }
}

async fn without_atomic_each_operation_fails_alone(app: TestApp) {
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let operations = json!([
        { "op": "create", "task": { "title": "A", "external_id": "a" } },
        { "op": "create", "task": { "title": "B", "external_id": "a" } },
        { "op": "create", "task": { "title": "" } },
        7,
        { "op": "destroy", "id": 1 },
        { "op": "delete", "id": 999 },
        { "op": "update", "id": task["id"], "if_version": 2, "task": { "title": "no" } },
        update(&task["id"], json!({ "external_id": "a" })),
        update(&task["id"], json!({ "title": "yes" })),
    ]);
    let found = results(&ann, json!({ "atomic": false, "operations": operations })).await;
    assert_eq!(
        outcomes(&found),
        [
            "201",
            "409 conflict",
            "422 validation_failed",
            "422 validation_failed",
            "422 validation_failed",
            "404 not_found",
            "412 version_mismatch",
            "409 conflict",
            "200",
        ]
    );
    let places = [2, 3, 4].map(|n: usize| found[n]["problem"]["errors"][0]["pointer"].clone());
    assert_eq!(
        places,
        [
            "/operations/2/task/title",
            "/operations/3",
            "/operations/4/op"
        ]
    );
    assert_eq!(found[6]["problem"]["current"], task);
    let titles: Vec<Value> = ann.all("/tasks?sort=id").await;
    let titles: Vec<&str> = titles
        .iter()
        .map(|t| t["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["yes", "A"]);
}

async fn a_dry_run_answers_the_same_and_keeps_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let operations = json!([
        create("new"),
        update(&task["id"], json!({ "title": "U" })),
        { "op": "delete", "id": task["id"], "if_version": 2 },
        { "op": "delete", "id": task["id"] },
    ]);
    let dry = json!({ "atomic": false, "dry_run": true, "operations": operations });
    let found = results(&ann, dry).await;
    assert_eq!(outcomes(&found), ["201", "200", "204", "404 not_found"]);
    assert_eq!(found[1]["task"]["version"], 2);
    assert_eq!(ann.all("/tasks").await, std::slice::from_ref(&task));
    assert_eq!(ann.all("/trash").await, [Value::Null; 0]);
    let atomic = json!({ "dry_run": true, "operations": operations });
    let problem = run(&ann, atomic).await.problem(404, "not_found");
    assert_eq!(problem["index"], 3);
    assert_eq!(ann.all("/tasks").await, [task]);
}

async fn external_ids_change_hands_within_a_batch(app: TestApp) {
    let ann = app.user("ann").await;
    let named = async |id: &str| {
        let body = json!({ "title": id, "external_id": id });
        ann.post("/tasks", &body).await.expect(201).json()["id"].clone()
    };
    let (a, b, c) = (named("a").await, named("b").await, named("c").await);
    // A swap by way of none, a name of a task that goes, and one that comes back to find it in use.
    let operations = json!([
        update(&a, json!({ "external_id": null })),
        update(&b, json!({ "external_id": "a" })),
        update(&a, json!({ "external_id": "b" })),
        { "op": "delete", "id": c },
        { "op": "create", "task": { "title": "new", "external_id": "c" } },
        { "op": "restore", "id": c },
    ]);
    let found = results(&ann, json!({ "atomic": false, "operations": operations })).await;
    assert_eq!(
        outcomes(&found),
        ["200", "200", "200", "204", "201", "409 conflict"]
    );
    for (external_id, id) in [("a", &b), ("b", &a), ("c", &found[4]["task"]["id"])] {
        let list = ann.all(&format!("/tasks?external_id={external_id}")).await;
        assert_eq!(list.len(), 1, "{external_id}");
        assert_eq!(list[0]["id"], *id);
    }
}

async fn versions_are_those_within_the_batch(app: TestApp) {
    let ann = app.user("ann").await;
    let id = ann.task("T").await["id"].clone();
    let step = |version: i64, title: &str| json!({ "op": "update", "id": id, "if_version": version, "task": { "title": title } });
    let operations = json!([step(1, "a"), step(2, "b"), step(2, "c"), step(3, "d")]);
    let found = results(&ann, json!({ "atomic": false, "operations": operations })).await;
    assert_eq!(
        outcomes(&found),
        ["200", "200", "412 version_mismatch", "200"]
    );
    let task = ann.get(&format!("/tasks/{id}")).await.expect(200);
    task.tag_of(4);
    assert_eq!(task.json(), found[3]["task"]);
}

async fn a_hundred_operations_and_no_more(app: TestApp) {
    let ann = app.user("ann").await;
    let many =
        |count: usize| -> Vec<Value> { (0..count).map(|n| create(&format!("task {n}"))).collect() };
    let found = results(&ann, json!({ "operations": many(100) })).await;
    let ids: Vec<i64> = found
        .iter()
        .map(|r| r["task"]["id"].as_i64().unwrap())
        .collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let titles: Vec<Value> = ann.all("/tasks?sort=id").await;
    assert_eq!(titles[99]["title"], "task 99");
    for operations in [many(101), many(0)] {
        let answer = run(&ann, json!({ "operations": operations })).await;
        assert_eq!(answer.faults(), ["/operations length"]);
    }
}

async fn what_is_wrong_is_named_by_its_place(app: TestApp) {
    let ann = app.user("ann").await;
    for (body, faults) in [
        (json!({}), vec!["/operations required"]),
        (json!({ "operations": null }), vec!["/operations null"]),
        (json!({ "operations": {} }), vec!["/operations type"]),
        (
            json!({ "operations": [create("T")], "atomic": "yes", "dry_run": null, "more": 1 }),
            vec!["/atomic type", "/dry_run null", "/more unknown"],
        ),
        (
            json!({ "operations": ["create"] }),
            vec!["/operations/0 type"],
        ),
        (
            json!({ "operations": [{}] }),
            vec!["/operations/0/op required"],
        ),
        (
            json!({ "operations": [{ "op": "update" }] }),
            vec!["/operations/0/id required", "/operations/0/task required"],
        ),
        (
            json!({ "operations": [{ "op": "delete", "id": "7", "if_version": 0 }] }),
            vec!["/operations/0/id type", "/operations/0/if_version range"],
        ),
        (
            json!({ "operations": [{ "op": "restore", "id": 1, "if_version": 1, "task": {} }] }),
            vec![
                "/operations/0/if_version unknown",
                "/operations/0/task unknown",
            ],
        ),
        (
            json!({ "operations": [{ "op": "create", "task": { "title": 1, "a/b": 2 } }] }),
            vec![
                "/operations/0/task/title type",
                "/operations/0/task/a~1b unknown",
            ],
        ),
        (
            json!({ "operations": [{ "op": "create", "task": { "title": "T", "labels": ["a", " a"] } }] }),
            vec!["/operations/0/task/labels/1 duplicate"],
        ),
    ] {
        assert_eq!(run(&ann, body.clone()).await.faults(), faults, "{body}");
    }
    assert_eq!(ann.all("/tasks").await.len(), 0);
}

async fn a_number_in_bounds_is_taken_however_it_is_written(app: TestApp) {
    let ann = app.user("ann").await;
    let status = async |id: &str, if_version: &str| {
        let operation = format!(r#"{{"op":"delete","id":{id},"if_version":{if_version}}}"#);
        let body = format!(r#"{{"atomic":false,"operations":[{operation}]}}"#);
        let path = "/tasks/batch";
        let answer = ann.raw(Method::POST, path, "application/json", &body).await;
        answer.expect(200).json()["results"][0]["status"].clone()
    };
    for (expected, numbers) in [
        (404, "1 1.0 1e0 1e15 9007199254740991 9007199254740991.0"),
        (
            422,
            "0 -1 1.5 9007199254740992 9007199254740992.0 1e18 1e400",
        ),
    ] {
        for number in numbers.split(' ') {
            assert_eq!(status(number, "1").await, expected, "{number}");
            assert_eq!(status("1", number).await, expected, "{number}");
        }
    }
}

async fn no_batch_reaches_anothers_tasks(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let body = json!({ "title": "mine", "external_id": "x" });
    let task = ann.post("/tasks", &body).await.expect(201).json();
    let gone = ann.task("gone").await;
    ann.delete(&format!("/tasks/{}", gone["id"]))
        .await
        .expect(204);
    let operations = json!([
        update(&task["id"], json!({ "title": "stolen" })),
        { "op": "delete", "id": task["id"] },
        { "op": "restore", "id": gone["id"] },
        { "op": "create", "task": body },
    ]);
    let found = results(&bob, json!({ "atomic": false, "operations": operations })).await;
    assert_eq!(
        outcomes(&found),
        ["404 not_found", "404 not_found", "404 not_found", "201"]
    );
    assert_eq!(ann.all("/tasks").await, [task]);
    assert_eq!(ann.all("/trash").await.len(), 1);
}
