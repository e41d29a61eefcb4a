//! The trash.

use std::time::Duration;

use serde_json::{Value, json};
use task_api::{models::time::UtcTime, services::maintenance::Job};

use crate::{
    cases,
    support::{app::TestApp, client::Client, runner::Engine},
};

cases![
    a_trashed_task_is_in_the_trash_and_nowhere_else,
    a_task_stays_until_its_purge,
    a_restored_task_is_as_it_was_but_for_its_version,
    an_external_id_used_anew_keeps_its_old_task_in_the_trash,
    the_trash_comes_last_deleted_first_in_pages,
    a_purged_task_is_gone_for_good,
];

async fn a_trashed_task_is_in_the_trash_and_nowhere_else(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({ "title": "Milk", "labels": ["home"], "external_id": "x", "due_at": "2020-01-01T00:00:00Z" });
    let task = ann.post("/tasks", &body).await.expect(201).json();
    let path = format!("/tasks/{}", task["id"]);
    ann.delete(&path).await.expect(204);
    for target in [
        "/tasks",
        "/tasks?q=milk",
        "/tasks?label=home",
        "/tasks?external_id=x",
        "/tasks?overdue=true",
        "/tasks?sort=due_at",
        "/tasks?status=todo&priority=medium",
        "/labels",
    ] {
        let target = format!(
            "{target}{}limit=10",
            if target.contains('?') { '&' } else { '?' }
        );
        assert_eq!(
            ann.get(&target).await.expect(200).json(),
            json!([]),
            "{target}"
        );
    }
    let total = ann.get("/tasks?include_total=true").await.expect(200);
    assert_eq!(total.header("x-total-count"), Some("0"));
    ann.get(&path).await.problem(404, "not_found");
    ann.patch(&path, &json!({ "title": "U" }))
        .await
        .problem(404, "not_found");
    ann.delete(&path).await.problem(404, "not_found");
    ann.patch("/labels/home", &json!({ "name": "h" }))
        .await
        .problem(404, "not_found");
    let trash = ann.all("/trash").await;
    let mut expected = task.clone();
    expected["version"] = json!(2);
    for time in ["updated_at", "deleted_at"] {
        expected[time] = trash[0]["updated_at"].clone();
    }
    assert!(trash[0]["updated_at"].as_str() >= task["updated_at"].as_str());
    expected["purge_at"] = json!(later(&trash[0]["deleted_at"], 30));
    assert_eq!(trash, [expected]);
    let bob = app.user("bob").await;
    assert_eq!(bob.all("/trash").await, [Value::Null; 0]);
    let theirs = format!("/trash/{}", task["id"]);
    bob.delete(&theirs).await.problem(404, "not_found");
    bob.call(
        reqwest::Method::POST,
        &format!("{theirs}/restore"),
        &[],
        None,
    )
    .await
    .problem(404, "not_found");
    bob.delete("/trash").await.expect(204);
    assert_eq!(ann.all("/trash").await.len(), 1);
}

/// So many days after `time`.
fn later(time: &Value, days: u64) -> UtcTime {
    let time: UtcTime = time.as_str().unwrap().parse().unwrap();
    time.plus(Duration::from_secs(days * 24 * 3600))
}

/// What is said of the purge is what the purge does.
async fn a_task_stays_until_its_purge(engine: Engine) {
    for days in [0, 7] {
        let setting = [("APP_TASKS__TRASH_DAYS", &*days.to_string())];
        let app = TestApp::start(engine, &setting);
        let ann = app.user("ann").await;
        let task = ann.task("T").await;
        ann.delete(&format!("/tasks/{}", task["id"]))
            .await
            .expect(204);
        let trashed = &ann.all("/trash").await[0];
        let purge_at = later(&trashed["deleted_at"], days);
        assert_eq!(trashed["purge_at"], json!(purge_at));
        let job = Job::PurgeTrash(Duration::from_secs(days * 24 * 3600));
        let before = purge_at.minus(Duration::from_micros(1));
        for (now, left) in [(before, 1), (purge_at, 0)] {
            let run = move |conn: &mut _| job.step(conn, now);
            app.state.db.write(run).await.unwrap();
            assert_eq!(ann.all("/trash").await.len(), left, "{days} days");
        }
    }
}

async fn restore(client: &Client, id: &Value) -> crate::support::answer::Answer {
    let path = format!("/trash/{id}/restore");
    client.call(reqwest::Method::POST, &path, &[], None).await
}

async fn a_restored_task_is_as_it_was_but_for_its_version(app: TestApp) {
    let ann = app.user("ann").await;
    let body =
        json!({ "title": "Milk", "status": "done", "labels": ["b", "a"], "description": "two" });
    let task = ann.post("/tasks", &body).await.expect(201).json();
    restore(&ann, &task["id"]).await.problem(404, "not_found");
    ann.delete(&format!("/tasks/{}", task["id"]))
        .await
        .expect(204);
    let restored = restore(&ann, &task["id"]).await.expect(200);
    restored.tag_of(3);
    let mut expected = task.clone();
    expected["version"] = json!(3);
    expected["updated_at"] = restored.json()["updated_at"].clone();
    assert_eq!(restored.json(), expected);
    for target in [
        "/tasks",
        "/tasks?q=mil",
        "/tasks?label=a",
        "/tasks?q=two&sort=relevance",
    ] {
        assert_eq!(ann.all(target).await, [expected.clone()], "{target}");
    }
    assert_eq!(ann.all("/trash").await, [Value::Null; 0]);
    restore(&ann, &task["id"]).await.problem(404, "not_found");
}

async fn an_external_id_used_anew_keeps_its_old_task_in_the_trash(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({ "title": "Old", "external_id": "x" });
    let old = ann.post("/tasks", &body).await.expect(201).json();
    ann.post("/tasks", &body).await.problem(409, "conflict");
    ann.delete(&format!("/tasks/{}", old["id"]))
        .await
        .expect(204);
    let new = ann.post("/tasks", &body).await.expect(201).json();
    restore(&ann, &old["id"]).await.problem(409, "conflict");
    assert_eq!(
        ann.all("/trash").await[0]["version"],
        2,
        "it stays as it is"
    );
    ann.delete(&format!("/tasks/{}", new["id"]))
        .await
        .expect(204);
    restore(&ann, &old["id"]).await.expect(200);
    restore(&ann, &new["id"]).await.problem(409, "conflict");
}

async fn the_trash_comes_last_deleted_first_in_pages(app: TestApp) {
    let ann = app.user("ann").await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(ann.task(&format!("{number}")).await["id"].clone());
    }
    let order = [2, 0, 4, 1, 3].map(|n: usize| ids[n].clone());
    for id in &order {
        ann.delete(&format!("/tasks/{id}")).await.expect(204);
    }
    let pages = ann.pages("/trash?limit=2").await;
    assert_eq!(pages.len(), 3);
    let found = ann.all("/trash?limit=2").await;
    let found: Vec<Value> = found.iter().map(|task| task["id"].clone()).collect();
    assert_eq!(found, order.iter().rev().cloned().collect::<Vec<_>>());
    let cursor = pages[0].next().unwrap();
    let (_, cursor) = cursor.split_once("cursor=").unwrap();
    for list in ["/tasks", "/labels"] {
        let answer = ann.get(&format!("{list}?cursor={cursor}")).await;
        assert_eq!(answer.faults(), ["cursor cursor"], "{list}");
    }
    // Those that were deleted in one batch went at the same time.
    let operations: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "op": "restore", "id": id }))
        .collect();
    ann.post("/tasks/batch", &json!({ "operations": operations }))
        .await
        .expect(200);
    let operations: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "op": "delete", "id": id }))
        .collect();
    ann.post("/tasks/batch", &json!({ "operations": operations }))
        .await
        .expect(200);
    let found = ann.all("/trash?limit=1").await;
    let found: Vec<Value> = found.iter().map(|task| task["id"].clone()).collect();
    assert_eq!(found, ids.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(ann.get("/trash?sort=id").await.faults(), ["sort unknown"]);
}

async fn a_purged_task_is_gone_for_good(app: TestApp) {
    let ann = app.user("ann").await;
    let (one, two, live) = (
        ann.task("1").await,
        ann.task("2").await,
        ann.task("3").await,
    );
    for task in [&one, &two] {
        ann.delete(&format!("/tasks/{}", task["id"]))
            .await
            .expect(204);
    }
    let purge = format!("/trash/{}", one["id"]);
    let stale = ann
        .call(
            reqwest::Method::DELETE,
            &purge,
            &[("if-match", "\"1\"")],
            None,
        )
        .await
        .problem(412, "version_mismatch");
    assert_eq!(stale["current"]["version"], 2);
    ann.call(
        reqwest::Method::DELETE,
        &purge,
        &[("if-match", "\"1\", \"2\"")],
        None,
    )
    .await
    .expect(204);
    for answer in [
        ann.call(reqwest::Method::DELETE, &purge, &[("if-match", "*")], None)
            .await,
        restore(&ann, &one["id"]).await,
        ann.delete(&format!("/trash/{}", live["id"])).await,
        ann.delete("/trash/x").await,
        ann.delete("/trash/0").await,
        restore(&ann, &json!("99999999999999999999")).await,
    ] {
        answer.problem(404, "not_found");
    }
    ann.delete("/trash").await.expect(204);
    assert_eq!(ann.all("/trash").await, [Value::Null; 0]);
    ann.delete("/trash").await.expect(204);
    assert_eq!(ann.all("/tasks").await, std::slice::from_ref(&live));
    let next = ann.task("4").await;
    assert!(next["id"].as_i64() > live["id"].as_i64());
}
