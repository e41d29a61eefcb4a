//! Labels.

use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, query, segment},
    },
};

cases![
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
    assert_eq!(ann.all("/tasks").await, std::slice::from_ref(&task));
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
        "a/b", "/", "100%", "%41", "%2F", "a b", "a+b", "🦀", "ä", "q\u{301}", "\"", "\\", "it's",
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
