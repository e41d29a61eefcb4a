//! Requests at once, through two processes, that relate tasks to one another: never do they make together what each alone
//! may not.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use proptest::{
    prelude::{Strategy, any},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{client::Client, replicas::Replicas},
};

cases![
    two_tasks_do_not_become_each_others_parents,
    two_tasks_do_not_block_each_other,
    a_tree_does_not_grow_a_sixth_level,
    nothing_comes_below_what_is_deleted,
    a_crowd_keeps_every_rule_and_nobody_is_refused_in_vain,
];

const ROUNDS: usize = 15;
const CLIENTS: usize = 8;
const REQUESTS: usize = 40;

/// One user, through each process.
async fn ann(replicas: &Replicas) -> (Client, Client) {
    let ann = Client::new(&replicas.here.base)
        .register_and_log_in("ann")
        .await;
    let there = ann.at(&replicas.there.base);
    (ann, there)
}

fn path(task: &Value) -> String {
    format!("/tasks/{}", task["id"])
}

/// The statuses of two requests at once.
async fn both(
    first: impl Future<Output = crate::support::answer::Answer>,
    second: impl Future<Output = crate::support::answer::Answer>,
) -> [u16; 2] {
    let (first, second) = tokio::join!(first, second);
    [first.status.as_u16(), second.status.as_u16()]
}

async fn two_tasks_do_not_become_each_others_parents(replicas: Replicas) {
    let (here, there) = ann(&replicas).await;
    for _ in 0..ROUNDS {
        let (a, b) = (here.task("A").await, here.task("B").await);
        let (under_b, under_a) = (
            json!({ "parent_id": b["id"] }),
            json!({ "parent_id": a["id"] }),
        );
        let (to_a, to_b) = (path(&a), path(&b));
        let mut statuses = both(here.patch(&to_a, &under_b), there.patch(&to_b, &under_a)).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

async fn two_tasks_do_not_block_each_other(replicas: Replicas) {
    let (here, there) = ann(&replicas).await;
    for _ in 0..ROUNDS {
        let (a, b) = (here.task("A").await, here.task("B").await);
        let (by_b, by_a) = (
            json!({ "blocked_by": [b["id"]] }),
            json!({ "blocked_by": [a["id"]] }),
        );
        let (to_a, to_b) = (path(&a), path(&b));
        let mut statuses = both(here.patch(&to_a, &by_b), there.patch(&to_b, &by_a)).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

async fn a_tree_does_not_grow_a_sixth_level(replicas: Replicas) {
    let (here, there) = ann(&replicas).await;
    for _ in 0..ROUNDS {
        let mut chains = Vec::new();
        for _ in 0..2 {
            let mut last = here.task("1").await;
            let first = last.clone();
            for _ in 0..2 {
                let body = json!({ "title": "T", "parent_id": last["id"] });
                last = here.post("/tasks", &body).await.expect(201).json();
            }
            chains.push((first, last));
        }
        let root = here.task("root").await;
        // The second chain goes below the first, which at the same time goes one level down.
        let (to_first, below_root) = (path(&chains[0].0), json!({ "parent_id": root["id"] }));
        let middle = here.get(&path(&chains[0].1)).await.json()["parent_id"].clone();
        let (to_second, below_first) = (path(&chains[1].0), json!({ "parent_id": middle }));
        let mut statuses = both(
            here.patch(&to_first, &below_root),
            there.patch(&to_second, &below_first),
        )
        .await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
    check(&here).await;
}

async fn nothing_comes_below_what_is_deleted(replicas: Replicas) {
    let (here, there) = ann(&replicas).await;
    for round in 0..ROUNDS {
        let (parent, project) = (here.task("A").await, here.project("P").await);
        let free = here.task("B").await;
        let below = json!({ "parent_id": parent["id"] });
        let within = json!({ "project_id": project["id"] });
        let (to_parent, to_free) = (path(&parent), path(&free));
        let to_project = format!("/projects/{}", project["id"]);
        let created = json!({ "title": "T", "project_id": project["id"] });
        let [deleted, placed] = match round % 3 {
            0 => both(here.delete(&to_parent), there.patch(&to_free, &below)).await,
            1 => both(here.delete(&to_project), there.patch(&to_free, &within)).await,
            _ => both(here.delete(&to_project), there.post("/tasks", &created)).await,
        };
        assert_eq!(deleted, 204);
        assert!([200, 201, 409].contains(&placed), "{placed}");
        check(&here).await;
    }
}

/// Requests of every kind, on few tasks, so that they meet.
async fn a_crowd_keeps_every_rule_and_nobody_is_refused_in_vain(replicas: Replicas) {
    let (here, there) = ann(&replicas).await;
    let mut tasks = Vec::new();
    for title in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        tasks.push(here.task(title).await["id"].clone());
    }
    let projects = [here.project("P").await, here.project("Q").await];
    let projects = projects.map(|project| project["id"].clone());
    let mut runner = TestRunner::deterministic();
    let choices = proptest::collection::vec(any::<[u8; 4]>(), REQUESTS);
    let clients = (0..CLIENTS).map(|number| {
        let client = if number % 2 == 0 { &here } else { &there };
        let choices = choices.new_tree(&mut runner).unwrap().current();
        let (tasks, projects) = (&tasks, &projects);
        async move {
            for choice in choices {
                let (method, path, body) = request(choice, tasks, projects);
                let answer = client.call(method, &path, &[], body.as_ref()).await;
                let status = answer.status.as_u16();
                assert!(
                    [200, 201, 204, 404, 409].contains(&status),
                    "{path} {body:?}: {answer:?}"
                );
            }
        }
    });
    join_all(clients.collect::<Vec<_>>()).await;
    check(&here).await;
}

/// One of the requests that relate tasks to one another.
fn request(
    [kind, a, b, c]: [u8; 4],
    tasks: &[Value],
    projects: &[Value; 2],
) -> (Method, String, Option<Value>) {
    let task = |choice: u8| &tasks[usize::from(choice) % tasks.len()];
    let project = &projects[usize::from(b) % 2];
    let (one, other) = (task(a), task(b));
    let change = |body: Value| (Method::PATCH, format!("/tasks/{one}"), Some(body));
    match kind % 13 {
        0 | 1 => change(json!({ "parent_id": other })),
        2 => change(json!({ "parent_id": null, "project_id": project })),
        3 => change(json!({ "blocked_by": [other] })),
        4 => change(json!({ "title": format!("T {c}"), "status": "in_progress" })),
        5 => (
            Method::POST,
            format!("/tasks/{one}/move"),
            Some(json!({ "after": other })),
        ),
        6 => (Method::DELETE, format!("/tasks/{one}"), None),
        7 => (Method::DELETE, format!("/tasks/{one}?subtasks=keep"), None),
        8 | 9 => (Method::POST, format!("/trash/{one}/restore"), None),
        10 => (Method::DELETE, format!("/projects/{project}"), None),
        11 => (
            Method::POST,
            format!("/trash/projects/{project}/restore"),
            None,
        ),
        _ => {
            let operations = json!([
                { "op": "create", "id": -1, "task": { "title": "new", "parent_id": one } },
                { "op": "update", "id": other, "task": { "parent_id": -1 } },
                { "op": "delete", "id": -1, "subtasks": "keep" },
            ]);
            let body = json!({ "atomic": c % 2 == 0, "operations": operations });
            (Method::POST, "/tasks/batch".to_owned(), Some(body))
        }
    }
}

/// Looks for what no request may make.
async fn check(client: &Client) {
    let tasks = client.all("/tasks?limit=200").await;
    let projects = client.all("/projects").await;
    let projects: BTreeSet<i64> = projects.iter().map(|p| p["id"].as_i64().unwrap()).collect();
    let by_id: BTreeMap<i64, &Value> = tasks
        .iter()
        .map(|t| (t["id"].as_i64().unwrap(), t))
        .collect();
    for task in &tasks {
        if let Some(project) = task["project_id"].as_i64() {
            assert!(
                projects.contains(&project),
                "in a project that is gone: {task}"
            );
        }
        let mut levels = 1;
        let mut current = task;
        while let Some(parent) = current["parent_id"].as_i64() {
            let parent = by_id.get(&parent);
            let parent = parent.unwrap_or_else(|| panic!("below what is gone: {current}"));
            assert_eq!(parent["project_id"], current["project_id"], "{current}");
            levels += 1;
            assert!(levels <= 5, "too deep, or in a cycle: {task}");
            current = parent;
        }
        let mut open = vec![task["id"].as_i64().unwrap()];
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            let blockers = by_id
                .get(&id)
                .map(|task| task["blocked_by"].as_array().unwrap());
            for blocker in blockers.into_iter().flatten() {
                let blocker = blocker.as_i64().unwrap();
                assert_ne!(blocker, task["id"].as_i64().unwrap(), "it blocks itself");
                if seen.insert(blocker) {
                    open.push(blocker);
                }
            }
        }
    }
}
