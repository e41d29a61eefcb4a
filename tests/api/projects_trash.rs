//! Projects in the trash, and what becomes of their tasks.

use std::time::Duration;

use futures_util::future::join;
use reqwest::Method;
use serde_json::{Value, json};
use task_api::{models::time::UtcTime, services::maintenance::Job};

use crate::{
    cases,
    support::{answer::Answer, app::TestApp, client::Client, runner::Engine},
};

cases![
    a_deleted_project_takes_its_tasks_along,
    with_keep_the_tasks_stay,
    a_restore_brings_back_what_went_with_it_and_nothing_else,
    each_task_can_be_restored_alone,
    a_task_whose_parent_stays_comes_back_top_level,
    an_external_id_in_use_keeps_all_in_the_trash,
    an_external_id_is_taken_once_in_a_race,
    a_purge_takes_only_the_project,
    a_project_stays_until_its_purge,
    no_task_is_left_in_a_trashed_project,
    more_than_ten_thousand_tasks_stay,
];

async fn task_in(client: &Client, project: &Value, body: Value) -> Value {
    let mut body = body;
    body["project_id"] = project["id"].clone();
    client.post("/tasks", &body).await.expect(201).json()
}

async fn restore(client: &Client, kind: &str, id: &Value) -> Answer {
    let path = format!("/trash{kind}/{id}/restore");
    client.call(Method::POST, &path, &[], None).await
}

fn path_of(project: &Value) -> String {
    format!("/projects/{}", project["id"])
}

/// The task as it is, in the trash or not.
async fn now(client: &Client, task: &Value) -> Value {
    let all = [client.all("/tasks").await, client.all("/trash").await].concat();
    let found = all.iter().find(|found| found["id"] == task["id"]);
    found.expect("the task").clone()
}

async fn a_deleted_project_takes_its_tasks_along(app: TestApp) {
    let ann = app.user("ann").await;
    let house = ann.project("House").await;
    let parent = task_in(&ann, &house, json!({ "title": "Paint" })).await;
    let child = json!({ "title": "Buy paint", "parent_id": parent["id"], "external_id": "x" });
    let child = ann.post("/tasks", &child).await.expect(201).json();
    assert_eq!(child["project_id"], house["id"]);
    let other = ann.task("other").await;
    ann.delete(&path_of(&house)).await.expect(204);
    ann.get(&path_of(&house)).await.problem(404, "not_found");
    ann.delete(&path_of(&house)).await.problem(404, "not_found");
    assert_eq!(ann.all("/projects").await, [Value::Null; 0]);
    assert_eq!(ann.all("/tasks").await, [other]);
    let trash = ann.all("/trash").await;
    assert_eq!(trash.len(), 2, "every task that went along");
    for task in [&parent, &child] {
        let found = now(&ann, task).await;
        let mut expected = task.clone();
        expected["version"] = json!(2);
        for name in ["updated_at", "deleted_at", "purge_at"] {
            expected[name] = found[name].clone();
        }
        assert_eq!(found, expected, "with its references as they were");
    }
    let project = &ann.all("/trash/projects").await[0];
    let mut expected = house.clone();
    expected["version"] = json!(2);
    for name in ["updated_at", "deleted_at", "purge_at"] {
        expected[name] = project[name].clone();
    }
    assert_eq!(*project, expected);
    // Their external ids are free, and nothing new comes into the project.
    ann.post("/tasks", &json!({ "title": "T", "external_id": "x" }))
        .await
        .expect(201);
    let body = json!({ "title": "T", "project_id": house["id"] });
    ann.post("/tasks", &body).await.problem(409, "conflict");
    let bob = app.user("bob").await;
    bob.post("/tasks", &body).await.problem(409, "conflict");
}

async fn with_keep_the_tasks_stay(app: TestApp) {
    let ann = app.user("ann").await;
    let house = ann.project("House").await;
    let parent = task_in(&ann, &house, json!({ "title": "Paint" })).await;
    let child = json!({ "title": "Buy paint", "parent_id": parent["id"] });
    let child = ann.post("/tasks", &child).await.expect(201).json();
    let trashed = task_in(&ann, &house, json!({ "title": "gone" })).await;
    ann.delete(&format!("/tasks/{}", trashed["id"]))
        .await
        .expect(204);
    let trashed = ann.all("/trash").await;
    ann.delete(&format!("{}?tasks=keep", path_of(&house)))
        .await
        .expect(204);
    for task in [&parent, &child] {
        let found = now(&ann, task).await;
        let mut expected = task.clone();
        expected["version"] = json!(2);
        expected["project_id"] = Value::Null;
        expected["updated_at"] = found["updated_at"].clone();
        assert_eq!(found, expected);
    }
    assert_eq!(
        ann.all("/trash").await,
        trashed,
        "what was there stays as it is"
    );
    // They do not come back into it.
    let back = restore(&ann, "/projects", &house["id"]).await.expect(200);
    back.tag_of(3);
    let path = format!("{}?include_computed=true", path_of(&house));
    assert_eq!(ann.get(&path).await.json()["tasks"], 0);
    assert_eq!(ann.all("/tasks").await.len(), 2);
}

async fn a_restore_brings_back_what_went_with_it_and_nothing_else(app: TestApp) {
    let ann = app.user("ann").await;
    let house = ann.project("House").await;
    let mut tasks = Vec::new();
    for title in ["before", "stays", "restored", "purged"] {
        let body = json!({ "title": title, "labels": ["home"], "external_id": title });
        tasks.push(task_in(&ann, &house, body).await);
    }
    let [before, stays, restored, purged] = &tasks[..] else {
        panic!("four tasks")
    };
    ann.delete(&format!("/tasks/{}", before["id"]))
        .await
        .expect(204);
    ann.delete(&path_of(&house)).await.expect(204);
    restore(&ann, "", &restored["id"]).await.expect(200);
    ann.delete(&format!("/tasks/{}", restored["id"]))
        .await
        .expect(204);
    ann.delete(&format!("/trash/{}", purged["id"]))
        .await
        .expect(204);
    assert_eq!(ann.all("/labels").await, [Value::Null; 0]);

    let back = restore(&ann, "/projects", &house["id"]).await.expect(200);
    back.tag_of(3);
    let mut expected = house.clone();
    expected["version"] = json!(3);
    expected["updated_at"] = back.json()["updated_at"].clone();
    assert_eq!(back.json(), expected);
    assert_eq!(ann.get(&path_of(&house)).await.json(), expected);
    let live = ann.all("/tasks?label=home").await;
    let mut expected = stays.clone();
    expected["version"] = json!(3);
    expected["updated_at"] = live[0]["updated_at"].clone();
    assert_eq!(live, [expected]);
    assert_eq!(ann.all("/tasks?q=stays").await, live);
    let left = ann.all("/trash").await;
    let left: Vec<&Value> = left.iter().map(|task| &task["title"]).collect();
    assert_eq!(left, ["restored", "before"]);
    restore(&ann, "/projects", &house["id"])
        .await
        .problem(404, "not_found");
    // A later deletion is another one.
    ann.delete(&path_of(&house)).await.expect(204);
    restore(&ann, "/projects", &house["id"]).await.expect(200);
    assert_eq!(ann.all("/tasks").await.len(), 1);
}

async fn each_task_can_be_restored_alone(app: TestApp) {
    let ann = app.user("ann").await;
    let house = ann.project("House").await;
    let task = task_in(&ann, &house, json!({ "title": "T" })).await;
    ann.delete(&path_of(&house)).await.expect(204);
    let alone = restore(&ann, "", &task["id"]).await.expect(200).json();
    assert_eq!(
        (&alone["project_id"], &alone["version"]),
        (&Value::Null, &json!(3))
    );
    restore(&ann, "/projects", &house["id"]).await.expect(200);
    assert_eq!(ann.all("/tasks").await, [alone], "it has come back before");
}

async fn a_task_whose_parent_stays_comes_back_top_level(app: TestApp) {
    let ann = app.user("ann").await;
    let house = ann.project("House").await;
    let parent = task_in(&ann, &house, json!({ "title": "parent" })).await;
    let below = async |parent: &Value, title: &str| {
        let body = json!({ "title": title, "parent_id": parent["id"] });
        ann.post("/tasks", &body).await.expect(201).json()
    };
    let child = below(&parent, "child").await;
    let grandchild = below(&child, "grandchild").await;
    ann.delete(&path_of(&house)).await.expect(204);
    ann.delete(&format!("/trash/{}", parent["id"]))
        .await
        .expect(204);
    restore(&ann, "/projects", &house["id"]).await.expect(200);
    let child = now(&ann, &child).await;
    assert_eq!(
        (&child["parent_id"], &child["project_id"], &child["version"]),
        (&Value::Null, &house["id"], &json!(3)),
        "one change"
    );
    let grandchild = now(&ann, &grandchild).await;
    assert_eq!(grandchild["parent_id"], child["id"]);
}

async fn an_external_id_in_use_keeps_all_in_the_trash(app: TestApp) {
    let ann = app.user("ann").await;
    let house = ann.project("House").await;
    for external_id in [json!("x"), Value::Null] {
        task_in(
            &ann,
            &house,
            json!({ "title": "T", "external_id": external_id }),
        )
        .await;
    }
    ann.delete(&path_of(&house)).await.expect(204);
    let body = json!({ "title": "new", "external_id": "x" });
    let holder = ann.post("/tasks", &body).await.expect(201).json();
    let trash = ann.all("/trash").await;
    let answer = restore(&ann, "/projects", &house["id"]).await;
    assert_eq!(
        answer.problem(409, "conflict")["conflicting_id"],
        holder["id"]
    );
    assert_eq!(ann.all("/trash").await, trash);
    assert_eq!(ann.all("/trash/projects").await.len(), 1);
    ann.delete(&format!("/tasks/{}", holder["id"]))
        .await
        .expect(204);
    restore(&ann, "/projects", &house["id"]).await.expect(200);
    assert_eq!(ann.all("/tasks").await.len(), 2);
}

async fn an_external_id_is_taken_once_in_a_race(app: TestApp) {
    let ann = app.user("ann").await;
    let house = ann.project("House").await;
    for round in 0..8 {
        let body = json!({ "title": "T", "external_id": format!("x{round}") });
        task_in(&ann, &house, body.clone()).await;
        ann.delete(&path_of(&house)).await.expect(204);
        let (back, made) = join(
            restore(&ann, "/projects", &house["id"]),
            ann.post("/tasks", &body),
        )
        .await;
        let outcome = (back.status.as_u16(), made.status.as_u16());
        assert!([(200, 409), (409, 201)].contains(&outcome), "{outcome:?}");
        if back.status == 409 {
            let problem = back.problem(409, "conflict");
            assert_eq!(problem["conflicting_id"], made.json()["id"]);
            ann.delete(&format!("/tasks/{}", made.json()["id"]))
                .await
                .expect(204);
            restore(&ann, "/projects", &house["id"]).await.expect(200);
        }
    }
}

async fn a_purge_takes_only_the_project(app: TestApp) {
    let ann = app.user("ann").await;
    let (house, garden) = (ann.project("House").await, ann.project("Garden").await);
    let parent = task_in(&ann, &house, json!({ "title": "parent" })).await;
    let child = json!({ "title": "child", "parent_id": parent["id"] });
    let child = ann.post("/tasks", &child).await.expect(201).json();
    task_in(&ann, &garden, json!({ "title": "T" })).await;
    ann.delete(&format!("/trash{}", path_of(&house)))
        .await
        .problem(404, "not_found");
    for project in [&house, &garden] {
        ann.delete(&path_of(project)).await.expect(204);
    }
    let pages = ann.pages("/trash/projects?limit=1").await;
    let found: Vec<Value> = pages
        .iter()
        .map(|page| page.json()[0]["id"].clone())
        .collect();
    assert_eq!(
        found,
        [garden["id"].clone(), house["id"].clone()],
        "last deleted first"
    );
    ann.delete(&format!("/trash{}", path_of(&house)))
        .await
        .expect(204);
    ann.delete(&format!("/trash{}", path_of(&house)))
        .await
        .problem(404, "not_found");
    restore(&ann, "/projects", &house["id"])
        .await
        .problem(404, "not_found");
    assert_eq!(ann.all("/trash").await.len(), 3);
    // Those that went together still come back together.
    let back = restore(&ann, "", &parent["id"]).await.expect(200).json();
    assert_eq!(back["project_id"], Value::Null);
    let child = now(&ann, &child).await;
    assert_eq!(
        (&child["parent_id"], &child["project_id"]),
        (&parent["id"], &Value::Null)
    );
    ann.delete("/trash").await.expect(204);
    assert_eq!(ann.all("/trash").await, [Value::Null; 0]);
    assert_eq!(ann.all("/trash/projects").await, [Value::Null; 0]);
    assert!(ann.project("next").await["id"].as_i64() > garden["id"].as_i64());
}

/// What is said of the purge is what the purge does.
async fn a_project_stays_until_its_purge(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_TASKS__TRASH_DAYS", "7")]);
    let ann = app.user("ann").await;
    let house = ann.project("House").await;
    ann.delete(&path_of(&house)).await.expect(204);
    let purge_at = ann.all("/trash/projects").await[0]["purge_at"].clone();
    let purge_at: UtcTime = purge_at.as_str().unwrap().parse().unwrap();
    let job = Job::PurgeTrash(Duration::from_secs(7 * 24 * 3600));
    let before = purge_at.minus(Duration::from_micros(1));
    for (time, left) in [(before, 1), (purge_at, 0)] {
        let run = move |conn: &mut _| job.step(conn, time);
        app.state.db.write(run).await.unwrap();
        assert_eq!(ann.all("/trash/projects").await.len(), left);
    }
}

/// Whatever comes first: the other sees it.
async fn no_task_is_left_in_a_trashed_project(app: TestApp) {
    let ann = app.user("ann").await;
    let other = app.second(&[]);
    let elsewhere = ann.at(&other.base);
    for round in 0..10 {
        let house = ann.project("House").await;
        let task = ann.task("T").await;
        let path = format!("/tasks/{}", task["id"]);
        let into = json!({ "project_id": house["id"] });
        let create = json!({ "title": "U", "project_id": house["id"] });
        let keep = if round % 2 == 0 { "" } else { "?tasks=keep" };
        let deleted = format!("{}{keep}", path_of(&house));
        let work = join(
            elsewhere.patch(&path, &into),
            elsewhere.post("/tasks", &create),
        );
        let (gone, (moved, made)) = join(ann.delete(&deleted), work).await;
        gone.expect(204);
        assert!([200, 409].contains(&moved.status.as_u16()), "{moved:?}");
        assert!([201, 409].contains(&made.status.as_u16()), "{made:?}");
        let left = format!(
            "FROM tasks WHERE deleted_at IS NULL AND project_id = {}",
            house["id"]
        );
        assert_eq!(app.database.count(&left), 0);
    }
}

async fn more_than_ten_thousand_tasks_stay(app: TestApp) {
    let ann = app.user("ann").await;
    let house = ann.project("House").await;
    app.database.execute(
        "INSERT INTO tasks (user_id, project_id, title, created_at, updated_at, title_key, words)
         WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 10001)
         SELECT p.user_id, p.id, 'T', p.created_at, p.created_at, 't', ':t .t' FROM projects p, s",
    );
    let live = "FROM tasks WHERE deleted_at IS NULL AND version = 1 AND project_id IS NOT NULL";
    for query in ["", "?tasks=keep"] {
        let path = format!("{}{query}", path_of(&house));
        ann.delete(&path).await.problem(409, "conflict");
        assert_eq!(app.database.count(live), 10_001);
    }
    assert_eq!(ann.get(&path_of(&house)).await.json(), house);
    app.database
        .execute("DELETE FROM tasks WHERE id = (SELECT max(id) FROM tasks)");
    ann.delete(&path_of(&house)).await.expect(204);
    // One more went in the same deletion.
    app.database.execute(
        "INSERT INTO tasks (user_id, project_id, title, created_at, updated_at, deleted_at, deletion)
         SELECT user_id, project_id, 'T', created_at, updated_at, deleted_at, deletion FROM tasks LIMIT 1",
    );
    restore(&ann, "/projects", &house["id"])
        .await
        .problem(409, "conflict");
    assert_eq!(app.database.count("FROM tasks WHERE deleted_at IS NULL"), 0);
    app.database
        .execute("DELETE FROM tasks WHERE id = (SELECT max(id) FROM tasks)");
    restore(&ann, "/projects", &house["id"]).await.expect(200);
    assert_eq!(
        app.database
            .count("FROM tasks WHERE deleted_at IS NULL AND version = 3"),
        10_000
    );
}
