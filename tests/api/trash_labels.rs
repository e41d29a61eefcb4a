//! The trash, and labels.

use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, query, segment},
    },
};

cases![
    a_trashed_task_is_in_the_trash_and_nowhere_else,
    a_restored_task_is_as_it_was_but_for_its_version,
    an_external_id_used_anew_keeps_its_old_task_in_the_trash,
    the_trash_comes_last_deleted_first_in_pages,
    a_purged_task_is_gone_for_good,
    labels_are_counted_in_order_and_in_pages,
    a_renamed_label_is_renamed_everywhere_and_merges,
    a_label_renamed_to_itself_changes_nothing,
    a_deleted_label_leaves_its_tasks,
    names_of_every_kind_stand_in_the_path,
    as_many_and_as_long_labels_as_may_be,
];

async fn labelled(client: &Client, title: &str, labels: &[&str]) -> Value {
    let body = json!({ "title": title, "labels": labels });
    client.post("/tasks", &body).await.expect(201).json()
}

async fn label_counts(client: &Client) -> Vec<(String, i64)> {
    let labels = client.all("/labels").await;
    let count = |label: &Value| {
        let name = label["name"].as_str().unwrap().to_owned();
        (name, label["tasks"].as_i64().unwrap())
    };
    labels.iter().map(count).collect()
}

fn counts(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    let owned = |(name, count): &(&str, i64)| ((*name).to_owned(), *count);
    expected.iter().map(owned).collect()
}

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
    expected["updated_at"] = trash[0]["updated_at"].clone();
    assert!(trash[0]["updated_at"].as_str() >= task["updated_at"].as_str());
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
    assert_eq!(restored.header("etag"), Some("\"3\""));
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
    assert_eq!(ann.all("/tasks").await, [live.clone()]);
    let next = ann.task("4").await;
    assert!(next["id"].as_i64() > live["id"].as_i64());
}

async fn labels_are_counted_in_order_and_in_pages(app: TestApp) {
    let ann = app.user("ann").await;
    assert_eq!(label_counts(&ann).await, []);
    labelled(&ann, "1", &["b", "a", "ä", "B"]).await;
    labelled(&ann, "2", &["b", "🦀"]).await;
    let trashed = labelled(&ann, "3", &["b", "c"]).await;
    ann.delete(&format!("/tasks/{}", trashed["id"]))
        .await
        .expect(204);
    let bob = app.user("bob").await;
    labelled(&bob, "4", &["b"]).await;
    let expected = counts(&[("B", 1), ("a", 1), ("b", 2), ("ä", 1), ("🦀", 1)]);
    assert_eq!(label_counts(&ann).await, expected);
    let pages = ann.pages("/labels?limit=2").await;
    let sizes: Vec<usize> = pages
        .iter()
        .map(|p| p.json().as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [2, 2, 1]);
    let names = ann.all("/labels?limit=1").await;
    assert_eq!(names, ann.all("/labels").await);
}

async fn a_renamed_label_is_renamed_everywhere_and_merges(app: TestApp) {
    let ann = app.user("ann").await;
    let one = labelled(&ann, "1", &["old", "x"]).await;
    let two = labelled(&ann, "2", &["new", "old"]).await;
    let other = labelled(&ann, "3", &["new"]).await;
    let trashed = labelled(&ann, "4", &["old"]).await;
    ann.delete(&format!("/tasks/{}", trashed["id"]))
        .await
        .expect(204);
    let bob = app.user("bob").await;
    let theirs = labelled(&bob, "5", &["old"]).await;
    let answer = ann
        .patch("/labels/old", &json!({ "name": " new " }))
        .await
        .expect(200);
    assert_eq!(answer.json(), json!({ "name": "new", "tasks": 3 }));
    assert_eq!(label_counts(&ann).await, counts(&[("new", 3), ("x", 1)]));
    let tasks = ann.all("/tasks?sort=id").await;
    let shown = |task: &Value| (task["labels"].clone(), task["version"].clone());
    assert_eq!(shown(&tasks[0]), (json!(["new", "x"]), json!(2)));
    assert_eq!(shown(&tasks[1]), (json!(["new"]), json!(2)));
    assert_eq!(tasks[2], other, "it had the new one only");
    assert!(tasks[0]["updated_at"].as_str() > one["updated_at"].as_str());
    assert!(tasks[1]["updated_at"].as_str() > two["updated_at"].as_str());
    assert_eq!(ann.all("/tasks?label=old").await, [Value::Null; 0]);
    assert_eq!(ann.all("/tasks?label=new").await.len(), 3);
    assert_eq!(ann.all("/trash").await[0]["labels"], json!(["old"]));
    assert_eq!(bob.all("/tasks").await, [theirs]);
    ann.patch("/labels/old", &json!({ "name": "new" }))
        .await
        .problem(404, "not_found");
    ann.patch("/labels/none", &json!({ "name": "none" }))
        .await
        .problem(404, "not_found");
    for (name, fault) in [
        (json!("a,b"), "/name characters"),
        (json!(" "), "/name length"),
        (json!("x".repeat(51)), "/name length"),
        (json!(null), "/name null"),
        (json!(7), "/name type"),
    ] {
        let answer = ann.patch("/labels/new", &json!({ "name": name })).await;
        assert_eq!(answer.faults(), [fault]);
    }
}

async fn a_label_renamed_to_itself_changes_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    let task = labelled(&ann, "1", &["same"]).await;
    let answer = ann
        .patch("/labels/same", &json!({ "name": "same " }))
        .await
        .expect(200);
    assert_eq!(answer.json(), json!({ "name": "same", "tasks": 1 }));
    assert_eq!(ann.all("/tasks").await, [task.clone()]);
    // Case distinguishes names: this is a change.
    ann.patch("/labels/same", &json!({ "name": "Same" }))
        .await
        .expect(200);
    assert_eq!(ann.all("/tasks").await[0]["version"], 2);
}

async fn a_deleted_label_leaves_its_tasks(app: TestApp) {
    let ann = app.user("ann").await;
    labelled(&ann, "1", &["gone", "kept"]).await;
    labelled(&ann, "2", &["gone"]).await;
    let kept = labelled(&ann, "3", &["kept"]).await;
    ann.delete("/labels/gone").await.expect(204);
    ann.delete("/labels/gone").await.problem(404, "not_found");
    let tasks = ann.all("/tasks?sort=id").await;
    let labels: Vec<Value> = tasks.iter().map(|task| task["labels"].clone()).collect();
    assert_eq!(labels, [json!(["kept"]), json!([]), json!(["kept"])]);
    assert_eq!(tasks[0]["version"], 2);
    assert_eq!(tasks[2], kept);
    assert_eq!(label_counts(&ann).await, counts(&[("kept", 2)]));
}

async fn names_of_every_kind_stand_in_the_path(app: TestApp) {
    let ann = app.user("ann").await;
    for name in [
        "a/b", "/", "100%", "%41", "%2F", "a b", "a+b", "🦀", "ä", "e\u{301}", "\"", "\\", "it's",
        "a:b*", "#", "?x=1&y", "a;b", "{id}", "batch", "NULL", "[]", "a\tb", "$1", "ß", "--",
        "|&!<->", "\u{1}",
    ] {
        if name == "\u{1}" {
            // No name, and so the name of nothing.
            ann.delete(&format!("/labels/{}", segment(name)))
                .await
                .problem(404, "not_found");
            continue;
        }
        let task = labelled(&ann, "T", &[name, "other", "A"]).await;
        let filter = format!("/tasks?{}", query(&[("label", name)]));
        assert_eq!(ann.all(&filter).await, [task], "{name:?}");
        let path = format!("/labels/{}", segment(name));
        let renamed = ann
            .patch(&path, &json!({ "name": format!("{name}2") }))
            .await;
        let expected = json!({ "name": format!("{name}2"), "tasks": 1 });
        assert_eq!(renamed.expect(200).json(), expected, "{name:?}");
        assert_eq!(ann.all(&filter).await, [Value::Null; 0], "{name:?}");
        let path = format!("/labels/{}", segment(&format!("{name}2")));
        ann.delete(&path).await.expect(204);
        assert_eq!(label_counts(&ann).await[1].0, "other", "{name:?}");
        ann.delete("/labels/other").await.expect(204);
        ann.delete("/labels/A").await.expect(204);
    }
    for path in [
        "/labels/a%2Cb",
        "/labels/%20",
        "/labels/%FF",
        "/labels/none",
    ] {
        ann.delete(path).await.problem(404, "not_found");
    }
}

/// Twenty names of fifty characters, four bytes each, that no compression makes smaller.
async fn as_many_and_as_long_labels_as_may_be(app: TestApp) {
    let ann = app.user("ann").await;
    let mut state = 1_u32;
    let mut character = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_u32(0x20000 + (state >> 8) % 0xA000).unwrap()
    };
    let names: Vec<String> = (0..20)
        .map(|_| (0..50).map(|_| character()).collect())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let task = labelled(&ann, "T", &names).await;
    assert_eq!(task["labels"].as_array().unwrap().len(), 20);
    let filter = format!("/tasks?{}", query(&[("label", names[7])]));
    assert_eq!(ann.all(&filter).await, [task]);
    assert_eq!(label_counts(&ann).await.len(), 20);
    let path = format!("/labels/{}", segment(names[7]));
    ann.patch(&path, &json!({ "name": "short" }))
        .await
        .expect(200);
    assert_eq!(ann.all("/tasks?label=short").await.len(), 1);
}
