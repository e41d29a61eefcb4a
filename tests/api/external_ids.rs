//! An external id that is taken: the 409 names the task that has it.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{answer::Answer, app::TestApp, client::Client},
};

cases![
    every_write_names_the_task_that_has_it,
    a_batch_names_the_task_that_has_it,
    a_clash_within_a_batch_is_named_too,
    the_winner_of_a_race_is_named,
    other_users_have_their_own,
];

fn named(title: &str) -> Value {
    json!({ "title": title, "external_id": "x" })
}

/// A task in the trash, and the one that has taken its external id since.
async fn trashed_and_holder(ann: &Client) -> (Value, Value) {
    let old = ann.post("/tasks", &named("old")).await.expect(201).json();
    ann.delete(&format!("/tasks/{}", old["id"]))
        .await
        .expect(204);
    let holder = ann.post("/tasks", &named("X")).await.expect(201).json();
    (old, holder)
}

/// The answer is a 409 that names `holder`.
#[track_caller]
fn is_taken_by(holder: &Value, answer: Answer) {
    names(holder, &answer.problem(409, "conflict"));
}

#[track_caller]
fn names(holder: &Value, problem: &Value) {
    assert_eq!(problem["conflicting_id"], *holder, "{problem}");
    let detail = format!("task {holder} has this external_id already");
    assert_eq!(problem["detail"], detail);
}

/// With a key the write is a transaction, in which PostgreSQL reads nothing after a failure.
async fn every_write_names_the_task_that_has_it(app: TestApp) {
    let ann = app.user("ann").await;
    let (old, holder) = trashed_and_holder(&ann).await;
    let (id, other) = (&holder["id"], ann.task("T").await);
    let (path, wanted) = (format!("/tasks/{}", other["id"]), named("Y"));
    let restore = format!("/trash/{}/restore", old["id"]);
    for (number, headers) in [&[][..], &[("idempotency-key", "k")]].iter().enumerate() {
        let call = |method, path, body| ann.call(method, path, headers, body);
        is_taken_by(id, call(Method::POST, "/tasks", Some(&wanted)).await);
        is_taken_by(id, call(Method::PATCH, &path, Some(&wanted)).await);
        is_taken_by(id, call(Method::POST, &restore, None).await);
        assert_eq!(ann.get(&path).await.json(), other, "{number}");
        assert_eq!(ann.all("/trash").await[0]["version"], 2);
    }
    // A task's own is not taken.
    let again = json!({ "external_id": "x", "title": "Z" });
    let path = format!("/tasks/{id}");
    ann.patch(&path, &again).await.expect(200);
    ann.delete(&path).await.expect(204);
    ann.patch(&format!("/tasks/{}", other["id"]), &wanted)
        .await
        .expect(200);
}

async fn batch(client: &Client, atomic: bool, operations: Value) -> Answer {
    let body = json!({ "atomic": atomic, "operations": operations });
    client.post("/tasks/batch", &body).await
}

async fn a_batch_names_the_task_that_has_it(app: TestApp) {
    let ann = app.user("ann").await;
    let (old, holder) = trashed_and_holder(&ann).await;
    let other = ann.task("T").await;
    let failing = [
        json!({ "op": "create", "task": named("Y") }),
        json!({ "op": "update", "id": other["id"], "task": { "external_id": "x" } }),
        json!({ "op": "restore", "id": old["id"] }),
    ];
    let answer = batch(&ann, false, json!(failing)).await.expect(200);
    for result in answer.json()["results"].as_array().unwrap() {
        assert_eq!(result["status"], 409);
        names(&holder["id"], &result["problem"]);
    }
    for operation in failing {
        let answer = batch(&ann, true, json!([operation])).await;
        let problem = answer.problem(409, "conflict");
        assert_eq!(problem["index"], 0);
        names(&holder["id"], &problem);
    }
    // An operation before it may have moved it to another task.
    let moved = json!([
        { "op": "update", "id": holder["id"], "task": { "external_id": null } },
        { "op": "update", "id": other["id"], "task": { "external_id": "x" } },
        { "op": "create", "task": named("Y") },
    ]);
    let answer = batch(&ann, false, moved).await.expect(200);
    names(&other["id"], &answer.json()["results"][2]["problem"]);
}

async fn a_clash_within_a_batch_is_named_too(app: TestApp) {
    let ann = app.user("ann").await;
    let twice = json!([
        { "op": "create", "task": named("first") },
        { "op": "create", "task": named("second") },
    ]);
    // The first is undone too: there is no task to be named.
    let problem = batch(&ann, true, twice.clone())
        .await
        .problem(409, "conflict");
    assert_eq!(problem["index"], 1);
    assert_eq!(problem.get("conflicting_id"), None, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("external_id"), "{detail}");
    assert!(ann.all("/tasks").await.is_empty());
    let answer = batch(&ann, false, twice).await.expect(200).json();
    let made = &answer["results"][0]["task"];
    names(&made["id"], &answer["results"][1]["problem"]);
    assert_eq!(ann.all("/tasks").await, std::slice::from_ref(made));
}

async fn the_winner_of_a_race_is_named(app: TestApp) {
    let ann = app.user("ann").await;
    for round in 0..5 {
        let name = format!("race {round}");
        let wanted = json!({ "title": "T", "external_id": name });
        let made = join_all((0..6).map(|_| ann.task("T"))).await;
        let paths = made.iter().map(|task| format!("/tasks/{}", task["id"]));
        let paths: Vec<String> = paths.collect();
        let operation = json!([{ "op": "create", "task": wanted }]);
        let write = async |number: usize| {
            let key = format!("{name} {number}").replace(' ', "-");
            let keyed = [("idempotency-key", key.as_str())];
            let headers = if number.is_multiple_of(2) {
                &keyed[..]
            } else {
                &[]
            };
            match number % 3 {
                0 => {
                    ann.call(Method::POST, "/tasks", headers, Some(&wanted))
                        .await
                }
                1 => {
                    let path = &paths[number / 3];
                    ann.call(Method::PATCH, path, headers, Some(&wanted)).await
                }
                _ => batch(&ann, true, operation.clone()).await,
            }
        };
        let answers = join_all((0..18).map(write)).await;
        let holders = ann.get(&format!("/tasks?external_id=race%20{round}")).await;
        let holders = holders.expect(200).json();
        assert_eq!(holders.as_array().unwrap().len(), 1);
        let refused = answers
            .into_iter()
            .filter(|answer| !answer.status.is_success());
        let refused: Vec<Answer> = refused.collect();
        assert_eq!(refused.len(), 17);
        for answer in refused {
            is_taken_by(&holders[0]["id"], answer);
        }
    }
}

async fn other_users_have_their_own(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let hers = ann.post("/tasks", &named("hers")).await.expect(201).json();
    let his = bob.post("/tasks", &named("his")).await.expect(201).json();
    is_taken_by(&hers["id"], ann.post("/tasks", &named("again")).await);
    is_taken_by(&his["id"], bob.post("/tasks", &named("again")).await);
}
