//! The order by hand.

use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, send},
    },
};

cases![
    a_task_is_moved_right_before_or_after_another,
    a_move_changes_the_task_alone,
    a_move_names_one_other_task_of_yours,
    a_move_heeds_its_preconditions_and_its_key,
    what_is_new_comes_last,
    a_task_keeps_its_place_in_the_trash,
    a_crowded_gap_stays_in_order,
    the_moves_of_a_batch_find_what_those_before_left,
    a_batch_moves_past_what_it_deletes_and_next_to_what_it_restores,
];

fn path(id: &Value) -> String {
    format!("/tasks/{id}")
}

async fn place(client: &Client, id: &Value, destination: Value) -> Value {
    let target = format!("/tasks/{id}/move");
    client.post(&target, &destination).await.expect(200).json()
}

async fn order(client: &Client) -> Vec<String> {
    let tasks = client.all("/tasks?sort=position&limit=3").await;
    let positions = tasks.iter().map(|task| task["position"].as_str().unwrap());
    assert!(positions.is_sorted(), "byte by byte");
    let titles = tasks.iter().map(|task| task["title"].as_str().unwrap());
    titles.map(str::to_owned).collect()
}

async fn tasks(client: &Client, titles: &[&str]) -> Vec<Value> {
    let mut ids = Vec::new();
    for title in titles {
        ids.push(client.task(title).await["id"].clone());
    }
    ids
}

async fn a_task_is_moved_right_before_or_after_another(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = tasks(&ann, &["a", "b", "c", "d", "e"]).await;
    assert_eq!(order(&ann).await, ["a", "b", "c", "d", "e"]);
    place(&ann, &ids[4], json!({ "before": ids[0] })).await;
    place(&ann, &ids[0], json!({ "after": ids[3] })).await;
    assert_eq!(order(&ann).await, ["e", "b", "c", "d", "a"]);
    // Of two moves to one place the later one is nearer.
    place(&ann, &ids[2], json!({ "after": ids[4] })).await;
    place(&ann, &ids[3], json!({ "after": ids[4] })).await;
    assert_eq!(order(&ann).await, ["e", "d", "c", "b", "a"]);
    let down = ann.all("/tasks?sort=-position&limit=2").await;
    let down: Vec<&Value> = down.iter().map(|task| &task["title"]).collect();
    assert_eq!(down, ["a", "b", "c", "d", "e"]);
}

async fn a_move_changes_the_task_alone(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = tasks(&ann, &["a", "b", "c"]).await;
    let body = json!({ "title": "below", "parent_id": ids[0] });
    ann.post("/tasks", &body).await.expect(201);
    let before = ann.all("/tasks?sort=id").await;
    let moved = place(&ann, &ids[0], json!({ "after": ids[1] })).await;
    assert_eq!(moved["version"], 2);
    let mut expected = before;
    for member in ["position", "version", "updated_at"] {
        expected[0][member] = moved[member].clone();
    }
    assert_eq!(ann.all("/tasks?sort=id").await, expected);
    for stays in [json!({ "after": ids[1] }), json!({ "before": ids[2] })] {
        assert_eq!(place(&ann, &ids[0], stays).await, moved);
    }
}

async fn a_move_names_one_other_task_of_yours(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let ids = tasks(&ann, &["a", "b", "gone"]).await;
    let theirs = bob.task("theirs").await["id"].clone();
    ann.delete(&path(&ids[2])).await.expect(204);
    let target = format!("/tasks/{}/move", ids[0]);
    for other in [&theirs, &ids[2], &json!(987_654_321), &ids[0]] {
        for body in [json!({ "before": other }), json!({ "after": other })] {
            ann.post(&target, &body).await.problem(409, "conflict");
        }
    }
    for wrong in [json!({}), json!({ "before": ids[1], "after": ids[1] })] {
        assert!(ann.post(&target, &wrong).await.faults()[0].contains("/after"));
    }
    for wrong in [
        json!({ "after": null }),
        json!({ "after": 0 }),
        json!({ "after": -1 }),
    ] {
        assert!(ann.post(&target, &wrong).await.faults()[0].contains("/after"));
    }
    let body = json!({ "after": ids[1] });
    for id in [&theirs, &ids[2]] {
        let target = format!("/tasks/{id}/move");
        ann.post(&target, &body).await.problem(404, "not_found");
    }
    assert_eq!(order(&ann).await, ["a", "b"]);
}

async fn a_move_heeds_its_preconditions_and_its_key(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = tasks(&ann, &["a", "b"]).await;
    let target = format!("/tasks/{}/move", ids[0]);
    let ask = |tag: &'static str, key: &'static str| {
        let request = ann.request(reqwest::Method::POST, &target);
        let request = request
            .header("if-match", tag)
            .header("idempotency-key", key);
        send(request.json(&json!({ "after": ids[1] })))
    };
    let problem = ask("\"2\"", "one").await.problem(412, "version_mismatch");
    assert_eq!(problem["current"]["id"], ids[0]);
    let first = ask("\"1\"", "one").await.expect(200);
    let again = ask("\"1\"", "one").await.expect(200);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.json(), again.json());
    let got = ann.get(&path(&ids[0])).await.expect(200);
    assert_eq!(got.header("etag"), first.header("etag"));
}

async fn what_is_new_comes_last(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = tasks(&ann, &["a", "b"]).await;
    for _ in 0..3 {
        place(&ann, &ids[0], json!({ "after": ids[1] })).await;
        place(&ann, &ids[1], json!({ "after": ids[0] })).await;
    }
    ann.task("c").await;
    assert_eq!(order(&ann).await, ["a", "b", "c"]);
}

async fn a_task_keeps_its_place_in_the_trash(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = tasks(&ann, &["a", "b", "c", "d"]).await;
    place(&ann, &ids[3], json!({ "after": ids[0] })).await;
    ann.delete(&path(&ids[3])).await.expect(204);
    assert_eq!(
        ann.all("/trash").await[0]["position"]
            .as_str()
            .unwrap()
            .get(..2),
        Some("a1")
    );
    place(&ann, &ids[2], json!({ "after": ids[0] })).await;
    ann.post_empty(&format!("/trash/{}/restore", ids[3]))
        .await
        .expect(200);
    let restored = order(&ann).await;
    assert!(restored[0] == "a" && restored[3] == "b", "{restored:?}");
    // Whatever the two have for keys, something can come between them.
    place(
        &ann,
        &ids[1],
        json!({ "after": ann.all("/tasks?sort=position").await[1]["id"] }),
    )
    .await;
    let between = order(&ann).await;
    assert_eq!(
        (between[2].as_str(), between[1].as_str()),
        ("b", restored[1].as_str())
    );
}

/// Long after there is no shorter key, the tasks in the gap get others, and no task outside it.
async fn a_crowded_gap_stays_in_order(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = tasks(&ann, &["a", "b", "c", "d"]).await;
    for _ in 0..20 {
        let mut operations = Vec::new();
        for _ in 0..50 {
            operations.push(json!({ "op": "move", "id": ids[1], "after": ids[0] }));
            operations.push(json!({ "op": "move", "id": ids[2], "after": ids[0] }));
        }
        let batch = json!({ "operations": operations });
        ann.post("/tasks/batch", &batch).await.expect(200);
    }
    assert_eq!(order(&ann).await, ["a", "c", "b", "d"]);
    let tasks = ann.all("/tasks?sort=position").await;
    let versions: Vec<i64> = tasks
        .iter()
        .map(|t| t["version"].as_i64().unwrap())
        .collect();
    assert_eq!(
        (versions[0], versions[3]),
        (1, 1),
        "those outside do not change"
    );
    // The first move finds its task in place. One move gave the other task in the gap a shorter key.
    assert_eq!(versions[1..3], [1 + 1000 + 1, 1 + 999]);
    assert!(
        tasks
            .iter()
            .all(|task| task["position"].as_str().unwrap().len() <= 255)
    );
}

async fn the_moves_of_a_batch_find_what_those_before_left(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = tasks(&ann, &["a", "b", "c", "d"]).await;
    let batch = json!({ "operations": [
        { "op": "create", "id": -1, "task": { "title": "new" } },
        { "op": "move", "id": -1, "before": ids[1] },
        { "op": "move", "id": ids[3], "after": -1 },
        { "op": "delete", "id": ids[1] },
        { "op": "move", "id": ids[0], "after": ids[3], "if_version": 1 },
        { "op": "restore", "id": ids[1] },
    ] });
    ann.post("/tasks/batch", &batch).await.expect(200);
    assert_eq!(order(&ann).await, ["new", "d", "a", "b", "c"]);
    let batch = json!({ "atomic": false, "operations": [
        { "op": "move", "id": ids[0], "after": ids[0] },
        { "op": "move", "id": ids[0], "after": ids[2], "if_version": 1 },
        { "op": "move", "id": 987_654_321, "after": ids[2] },
        { "op": "move", "id": ids[0], "after": 987_654_321 },
        { "op": "move", "id": ids[0], "after": -1 },
        { "op": "move", "id": ids[0] },
    ] });
    let results = ann.post("/tasks/batch", &batch).await.expect(200).json();
    let results = results["results"].as_array().unwrap();
    let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [409, 412, 404, 409, 422, 422]);
    assert_eq!(order(&ann).await, ["new", "d", "a", "b", "c"]);
}

async fn a_batch_moves_past_what_it_deletes_and_next_to_what_it_restores(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = tasks(&ann, &["A", "B", "C", "D"]).await;
    let [a, b, c, d] = &ids[..] else {
        panic!("four tasks")
    };
    ann.patch(&path(b), &json!({ "parent_id": c }))
        .await
        .expect(200);
    let batch = json!({ "operations": [
        { "op": "delete", "id": b },
        { "op": "move", "id": a, "before": c },
        { "op": "restore", "id": b },
        { "op": "move", "id": d, "after": a },
    ] });
    let answer = ann.post("/tasks/batch", &batch).await.expect(200).json();
    let results = &answer["results"];
    assert_eq!(results[1]["task"]["version"], 1, "it is there already");
    assert_eq!(results[2]["task"]["parent_id"], *c);
    assert_eq!(order(&ann).await, ["A", "D", "B", "C"]);
}
