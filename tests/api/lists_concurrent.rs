//! Lists and conditional writes while others write.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{answer::Answer, app::TestApp, client::Client, runner::Engine},
};

cases![
    of_a_hundred_patches_with_one_condition_one_wins,
    a_walk_neither_loses_nor_doubles_while_others_write,
    a_page_and_its_total_are_of_one_moment,
    tasks_and_labels_agree_after_a_crowd,
    batches_in_opposite_order_do_not_wait_in_a_circle,
    renamings_and_clashing_patches_do_not_wait_in_a_circle,
];

/// Room for everyone who waits, on a slow machine too.
const PATIENT: &[(&str, &str)] = &[
    ("APP_DATABASE__TIMEOUT_MS", "30000"),
    ("APP_DATABASE__POOL_SIZE", "16"),
];

#[track_caller]
fn assert_answered(answer: &Answer, allowed: &[u16]) {
    assert!(allowed.contains(&answer.status.as_u16()), "{answer:?}");
}

async fn of_a_hundred_patches_with_one_condition_one_wins(engine: Engine) {
    let app = TestApp::start(engine, PATIENT);
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    for version in 1..=3 {
        let condition = format!("\"{version}\"");
        let patches = (0..100).map(async |number| {
            let body = json!({ "title": format!("{version} {number}") });
            let headers = [("if-match", condition.as_str())];
            ann.call(Method::PATCH, &path, &headers, Some(&body)).await
        });
        let answers = join_all(patches).await;
        let won: Vec<&Answer> = answers.iter().filter(|a| a.status == 200).collect();
        assert_eq!(won.len(), 1);
        let winner = won[0].json();
        assert_eq!(winner["version"], version + 1);
        for answer in answers.into_iter().filter(|a| a.status != 200) {
            let problem = answer.problem(412, "version_mismatch");
            assert_eq!(problem["current"], winner);
        }
        assert_eq!(ann.get(&path).await.json(), winner);
    }
}

async fn a_walk_neither_loses_nor_doubles_while_others_write(engine: Engine) {
    const PRIORITIES: [&str; 5] = ["none", "low", "medium", "high", "urgent"];
    let app = TestApp::start(engine, PATIENT);
    let ann = app.user("ann").await;
    let fields = |number: usize| {
        let due =
            (!number.is_multiple_of(3)).then(|| format!("2026-01-{:02}T00:00:00Z", number % 7 + 1));
        json!({
            "title": format!("{} milk", (b'a' + (number * 7 % 26) as u8) as char),
            "priority": PRIORITIES[number % 5],
            "due_at": due,
            "labels": ["walk"],
        })
    };
    let create = |number: usize| json!({ "op": "create", "task": fields(number) });
    let operations: Vec<Value> = (0..90).map(create).collect();
    let made = ann
        .post("/tasks/batch", &json!({ "operations": operations }))
        .await
        .expect(200);
    let made = made.json()["results"].as_array().unwrap().clone();
    let ids: Vec<i64> = made
        .iter()
        .map(|r| r["task"]["id"].as_i64().unwrap())
        .collect();
    // Two of three stay; the third moves about, and new ones come and go.
    let (moving, staying): (Vec<i64>, Vec<i64>) = ids.iter().partition(|id| *id % 3 == 0);
    let over = Cell::new(false);
    let churn = async {
        let mut number = 0;
        while !over.get() {
            number += 1;
            let id = moving[number % moving.len()];
            ann.patch(&format!("/tasks/{id}"), &fields(number))
                .await
                .expect(200);
            // What is no sort key may change in those that stay.
            let id = staying[number % staying.len()];
            let body = json!({ "description": format!("{number}") });
            ann.patch(&format!("/tasks/{id}"), &body).await.expect(200);
            let new = ann.post("/tasks", &fields(number)).await.expect(201).json();
            if number % 4 != 0 {
                ann.delete(&format!("/tasks/{}", new["id"]))
                    .await
                    .expect(204);
            }
        }
        assert!(number > 0);
    };
    let walks = async {
        for target in [
            "sort=-id",
            "sort=due_at",
            "sort=-due_at",
            "sort=-priority,due_at",
            "sort=priority,-due_at,title",
            "sort=title",
            "sort=-title",
            "sort=-created_at",
            "q=mil&sort=relevance,due_at",
            "label=walk&sort=-priority",
            "status=todo,done&priority=low,high,urgent,none,medium&sort=due_at",
        ] {
            let tasks = ann.all(&format!("/tasks?{target}&limit=11")).await;
            let mut seen: BTreeMap<i64, usize> = BTreeMap::new();
            for task in &tasks {
                *seen.entry(task["id"].as_i64().unwrap()).or_default() += 1;
            }
            for id in &staying {
                assert_eq!(seen.get(id), Some(&1), "{target}: {id}");
            }
        }
        over.set(true);
    };
    join(churn, walks).await;
}

async fn a_page_and_its_total_are_of_one_moment(engine: Engine) {
    let app = TestApp::start(engine, PATIENT);
    let ann = app.user("ann").await;
    ann.task("stays").await;
    let over = Cell::new(false);
    let churn = (0..3).map(async |_| {
        while !over.get() {
            let create = json!({ "op": "create", "task": { "title": "goes" } });
            let body = json!({ "operations": [create, create, create] });
            let made = ann.post("/tasks/batch", &body).await.expect(200).json();
            for result in made["results"].as_array().unwrap() {
                let path = format!("/tasks/{}", result["task"]["id"]);
                ann.delete(&path).await.expect(204);
            }
        }
    });
    let lists = async {
        for number in 0..300 {
            let order = ["-id", "-due_at", "priority"][number % 3];
            let target = format!("/tasks?limit=200&include_total=true&sort={order}");
            let page = ann.get(&target).await.expect(200);
            let total: usize = page.header("x-total-count").unwrap().parse().unwrap();
            assert_eq!(page.json().as_array().unwrap().len(), total, "{target}");
        }
        over.set(true);
    };
    join(join_all(churn), lists).await;
}

/// What a client would work out from the tasks alone.
async fn assert_consistent(ann: &Client) {
    let tasks = ann.all("/tasks?limit=200").await;
    let mut expected: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for task in &tasks {
        let labels = task["labels"].as_array().unwrap();
        let mut names: Vec<&str> = labels.iter().map(|l| l.as_str().unwrap()).collect();
        assert!(names.is_sorted());
        names.dedup();
        assert_eq!(names.len(), labels.len(), "{task}");
        for name in names {
            let ids = expected.entry(name.to_owned()).or_default();
            ids.insert(task["id"].as_i64().unwrap());
        }
    }
    let labels = ann.all("/labels").await;
    let shown: Vec<(&str, usize)> = labels
        .iter()
        .map(|l| {
            (
                l["name"].as_str().unwrap(),
                l["tasks"].as_u64().unwrap() as usize,
            )
        })
        .collect();
    let counted: Vec<(&str, usize)> = expected
        .iter()
        .map(|(n, ids)| (n.as_str(), ids.len()))
        .collect();
    assert_eq!(shown, counted);
    for (name, ids) in &expected {
        let found = ann.all(&format!("/tasks?label={name}&limit=200")).await;
        let found: BTreeSet<i64> = found.iter().map(|t| t["id"].as_i64().unwrap()).collect();
        assert_eq!(found, *ids, "{name}");
    }
    for task in &tasks {
        let title = task["title"].as_str().unwrap();
        let found = ann.all(&format!("/tasks?q={title}&limit=200")).await;
        assert!(found.contains(task), "{title}");
    }
}

async fn tasks_and_labels_agree_after_a_crowd(engine: Engine) {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    let app = TestApp::start(engine, PATIENT);
    let ann = app.user("ann").await;
    let mut ids = Vec::new();
    for number in 0..8 {
        let labels = BTreeSet::from(["a", NAMES[number % 4]]);
        let body = json!({ "title": format!("t{number}"), "labels": labels });
        ids.push(ann.post("/tasks", &body).await.expect(201).json()["id"].clone());
    }
    let work = (0..100).map(async |number: usize| {
        let id = &ids[number * 5 % ids.len()];
        let (name, other) = (NAMES[number % 4], NAMES[number * 7 % 3 + 1]);
        let answer = match number % 5 {
            0 => {
                ann.patch(&format!("/labels/{name}"), &json!({ "name": other }))
                    .await
            }
            1 | 2 => {
                let labels: BTreeSet<&str> = [name, other].into();
                let body = json!({ "labels": labels, "title": format!("t{number}") });
                ann.patch(&format!("/tasks/{id}"), &body).await
            }
            3 => {
                let operation =
                    |id: &Value| json!({ "op": "update", "id": id, "task": { "labels": [name] } });
                let mut operations: Vec<Value> = ids.iter().map(operation).collect();
                if number.is_multiple_of(2) {
                    operations.reverse();
                }
                operations.push(json!({ "op": "delete", "id": ids[number % ids.len()] }));
                operations.push(json!({ "op": "restore", "id": ids[number % ids.len()] }));
                let body = json!({ "atomic": false, "operations": operations });
                ann.post("/tasks/batch", &body).await
            }
            _ => ann.delete(&format!("/labels/{name}")).await,
        };
        assert_answered(&answer, &[200, 204, 404]);
    });
    join_all(work).await;
    assert_consistent(&ann).await;
    for id in &ids {
        ann.get(&format!("/tasks/{id}")).await.expect(200);
    }
}

async fn batches_in_opposite_order_do_not_wait_in_a_circle(engine: Engine) {
    let app = TestApp::start(engine, PATIENT);
    let replica = app.second(PATIENT);
    let ann = app.user("ann").await;
    let elsewhere = replica
        .anonymous()
        .with_token(ann.token.as_deref().unwrap());
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(ann.task(&format!("t{number}")).await["id"].clone());
    }
    let work = (0..40).map(async |number: usize| {
        let client = if number.is_multiple_of(2) { &ann } else { &elsewhere };
        let operation = |id: &Value| {
            json!({ "op": "update", "id": id, "task": { "description": format!("{number}") } })
        };
        let mut operations: Vec<Value> = ids.iter().map(operation).collect();
        if number % 4 < 2 {
            operations.reverse();
        }
        let key = format!("key-{number}");
        let keyed = [("idempotency-key", key.as_str())];
        let headers = if number.is_multiple_of(3) { &keyed[..] } else { &[] };
        let body = json!({ "operations": operations });
        let answer = client.call(Method::POST, "/tasks/batch", headers, Some(&body)).await;
        assert_answered(&answer, &[200]);
    });
    let all = tokio::time::timeout(Duration::from_secs(60), join_all(work));
    all.await.expect("nobody waits for ever");
    let tasks = ann.all("/tasks").await;
    assert!(
        tasks.iter().all(|task| task["version"] == 41),
        "none is lost"
    );
    let descriptions: BTreeSet<&str> = tasks
        .iter()
        .map(|t| t["description"].as_str().unwrap())
        .collect();
    assert_eq!(descriptions.len(), 1, "a batch is one step");
}

/// A patch that wants an external id has its own row and waits for the row that holds the id, while
/// a renaming has that row and waits for the patch's.
async fn renamings_and_clashing_patches_do_not_wait_in_a_circle(engine: Engine) {
    let app = TestApp::start(engine, PATIENT);
    let ann = app.user("ann").await;
    let mut ids = Vec::new();
    for number in 0..30 {
        let body = json!({ "title": format!("t{number}"), "labels": ["a"], "external_id": format!("x{number}") });
        ids.push(ann.post("/tasks", &body).await.expect(201).json()["id"].clone());
    }
    let work = (0..120).map(async |number: usize| {
        let answer = match number % 3 {
            0 => {
                let (old, new) = if number.is_multiple_of(2) {
                    ("a", "b")
                } else {
                    ("b", "a")
                };
                ann.patch(&format!("/labels/{old}"), &json!({ "name": new }))
                    .await
            }
            _ => {
                let (mine, wanted) = (number * 7 % 30, number * 11 % 30);
                let body = json!({ "external_id": format!("x{wanted}") });
                ann.patch(&format!("/tasks/{}", ids[mine]), &body).await
            }
        };
        assert_answered(&answer, &[200, 404, 409]);
    });
    join_all(work).await;
    assert_consistent(&ann).await;
}
