//! An account with tasks of all kinds, and what each filter means for them.

use std::{cmp::Ordering, collections::HashMap};

use serde_json::{Value, json};

use crate::support::{app::TestApp, client::Client};

/// A parameter, and the condition that it stands for.
pub type Filter = (&'static str, fn(&Tasks, &Value) -> bool);

/// By id, those in the trash left out.
pub type Tasks = HashMap<i64, Value>;

fn is_open(task: &Value) -> bool {
    task["status"] == "todo" || task["status"] == "in_progress"
}

fn is_blocked(tasks: &Tasks, task: &Value) -> bool {
    let blockers = task["blocked_by"].as_array().unwrap();
    let mut blockers = blockers.iter().filter_map(|id| tasks.get(&id.as_i64()?));
    is_open(task) && blockers.any(is_open)
}

fn has(task: &Value, member: &str, item: impl Into<Value>) -> bool {
    task[member].as_array().unwrap().contains(&item.into())
}

fn is_in(task: &Value, member: &str, ids: &[i64]) -> bool {
    task[member].as_i64().is_some_and(|id| ids.contains(&id))
}

fn is_completed(task: &Value, from: &str, until: &str) -> bool {
    let at = task["completed_at"].as_str();
    at.is_some_and(|at| from <= at && at < until)
}

fn is_empty(task: &Value, member: &str) -> bool {
    task[member].is_null() || task[member] == json!([])
}

pub const FILTERS: &[Filter] = &[
    ("project=3", |_, task| is_in(task, "project_id", &[3])),
    ("project=4,3,99", |_, task| {
        is_in(task, "project_id", &[3, 4])
    }),
    ("project_not=3", |_, task| !is_in(task, "project_id", &[3])),
    ("project_not=5,4", |_, task| {
        !is_in(task, "project_id", &[4, 5])
    }),
    ("parent=1", |_, task| is_in(task, "parent_id", &[1])),
    ("parent=1,2", |_, task| is_in(task, "parent_id", &[1, 2])),
    ("blocked_by=2", |_, task| has(task, "blocked_by", 2)),
    ("blocked_by=12,22", |_, task| {
        has(task, "blocked_by", 12) || has(task, "blocked_by", 22)
    }),
    ("blocked=true", is_blocked),
    ("blocked=false", |tasks, task| !is_blocked(tasks, task)),
    ("archived=true", |_, task| is_in(task, "project_id", &[4])),
    ("archived=false", |_, task| !is_in(task, "project_id", &[4])),
    ("label=a,b", |_, task| {
        has(task, "labels", "a") || has(task, "labels", "b")
    }),
    ("label_all=b,a", |_, task| {
        has(task, "labels", "a") && has(task, "labels", "b")
    }),
    ("label_not=b", |_, task| !has(task, "labels", "b")),
    ("label_not=a,ab", |_, task| {
        !has(task, "labels", "a") && !has(task, "labels", "ab")
    }),
    ("without=due,labels", |_, task| {
        is_empty(task, "due_at") && is_empty(task, "labels")
    }),
    ("without=project_id", |_, task| is_empty(task, "project_id")),
    ("without=parent_id,blocked_by", |_, task| {
        is_empty(task, "parent_id") && is_empty(task, "blocked_by")
    }),
    ("with=due", |_, task| !is_empty(task, "due_at")),
    ("with=parent_id,project_id", |_, task| {
        !is_empty(task, "parent_id") && !is_empty(task, "project_id")
    }),
    ("with=blocked_by,labels", |_, task| {
        !is_empty(task, "blocked_by") && !is_empty(task, "labels")
    }),
    ("completed_after=2026-01-10", |_, task| {
        is_completed(task, "2026-01-10", "9")
    }),
    ("completed_before=2026-01-15T01:00:00%2B01:00", |_, task| {
        is_completed(task, "", "2026-01-15T00:00:00.000000Z")
    }),
    (
        "completed_after=2026-01-10&completed_before=2026-01-20",
        |_, task| is_completed(task, "2026-01-10", "2026-01-20"),
    ),
    ("status=todo,done", |_, task| {
        task["status"] == "todo" || task["status"] == "done"
    }),
    ("priority=low", |_, task| task["priority"] == "low"),
    ("q=even", |_, task| {
        task["title"].as_str().unwrap().contains("even")
    }),
];

pub const ORDERS: &[&str] = &[
    "-id",
    "position",
    "-position",
    "due_at",
    "-priority,position",
    "title",
];

pub const TASKS: i64 = 48;

/// The ids of the tasks are 1 to [`TASKS`]; the projects 3 and 4 are there, the second archived.
async fn fill(app: &TestApp, ann: &Client) {
    let statuses = ["todo", "done", "in_progress", "todo", "cancelled", "todo"];
    let labels: [&[&str]; 5] = [&[], &["a"], &["a", "b"], &["ab", "b"], &[]];
    for id in 1..=TASKS {
        let at = id as usize;
        let parity = if id % 2 == 0 { "even" } else { "odd" };
        let status = statuses[at * 5 / 3 % 6];
        let priority = ["low", "high"][at / 3 % 2];
        let mut task = json!({
            "title": format!("{parity} {}", id % 7),
            "status": status,
            "priority": priority,
            "labels": labels.get(at % 5),
        });
        if id % 3 == 1 {
            task["due_at"] = format!("2026-02-{:02}T00:00:00Z", 1 + id % 20).into();
        }
        let made = ann.post("/tasks", &task).await.expect(201).json();
        assert_eq!(made["id"], id);
    }
    for (id, archived) in [(3, false), (4, true)] {
        app.database.execute(&format!(
            "INSERT INTO projects (id, user_id, name, archived, created_at, updated_at)
             VALUES ({id}, 1, 'P', {archived}, '2026-01-01', '2026-01-01')"
        ));
    }
    for update in [
        "project_id = 3 + id % 2 WHERE id % 4 < 3",
        "parent_id = 1 WHERE id % 5 = 3",
        "parent_id = 2 WHERE id % 5 = 4",
        "blocked_by = '2,12' WHERE id % 6 = 5",
        "blocked_by = '12,22' WHERE id % 11 = 7",
        "blocked_by = '6,48' WHERE id % 11 = 8",
        // Some places are those of tasks that were never moved.
        "position = 'b12' WHERE id % 9 = 4",
        "position = 'Zz' WHERE id % 9 = 5",
        "position = 'a5V' WHERE id % 9 = 6",
    ] {
        app.database.execute(&format!("UPDATE tasks SET {update}"));
    }
    for id in 1..=TASKS {
        let at = format!("'2026-01-{:02} 00:00:00'", 1 + id * 7 % 28);
        app.database.execute(&format!(
            "UPDATE tasks SET completed_at = {at} WHERE id = {id} AND status = 'done'"
        ));
    }
    // It blocks nobody while it is in the trash.
    ann.delete("/tasks/48").await.expect(204);
}

/// The account that is asked, among others.
pub async fn account(app: &TestApp) -> (Client, Client, Tasks) {
    let ann = app.user("ann").await;
    fill(app, &ann).await;
    let bob = app.user("bob").await;
    bob.task("even 1").await;
    app.database.execute(
        "UPDATE tasks SET project_id = 3, parent_id = 1, blocked_by = '2,12' WHERE user_id = 2",
    );
    let tasks = ann.get("/tasks?limit=200").await.expect(200).json();
    let tasks = tasks.as_array().unwrap().iter();
    let tasks: Tasks = tasks
        .map(|task| (task["id"].as_i64().unwrap(), task.clone()))
        .collect();
    assert_eq!(tasks.len() as i64, TASKS - 1);
    (ann, bob, tasks)
}

/// By the keys of an order, and by id in the direction of the last.
fn compare(order: &str, a: &Value, b: &Value) -> Ordering {
    let mut keys: Vec<&str> = order.split(',').collect();
    let id = if keys.last().unwrap().starts_with('-') {
        "-id"
    } else {
        "id"
    };
    keys.push(id);
    let by = |key: &&str| {
        let (name, descending) = key
            .strip_prefix('-')
            .map_or((*key, false), |name| (name, true));
        let ordering = match (&a[name], &b[name]) {
            (Value::Null, Value::Null) => return Ordering::Equal,
            (Value::Null, _) => return Ordering::Greater,
            (_, Value::Null) => return Ordering::Less,
            (Value::Number(a), Value::Number(b)) => a.as_i64().cmp(&b.as_i64()),
            // Of the priorities here, the name of the lower one comes later.
            (Value::String(a), Value::String(b)) if name == "priority" => b.cmp(a),
            (Value::String(a), Value::String(b)) => a.cmp(b),
            other => panic!("{name}: {other:?}"),
        };
        if descending {
            ordering.reverse()
        } else {
            ordering
        }
    };
    keys.iter().map(by).fold(Ordering::Equal, Ordering::then)
}

/// The ids that a list must have.
pub fn expected(tasks: &Tasks, filters: &[&Filter], order: &str) -> Vec<i64> {
    let holds = |task: &&Value| filters.iter().all(|(_, holds)| holds(tasks, task));
    let mut found: Vec<&Value> = tasks.values().filter(holds).collect();
    found.sort_by(|a, b| compare(order, a, b));
    found
        .iter()
        .map(|task| task["id"].as_i64().unwrap())
        .collect()
}

/// The ids of the tasks of a list, all its pages.
pub async fn ids(client: &Client, query: &str) -> Vec<i64> {
    let tasks = client.all(&format!("/tasks?{query}")).await;
    tasks
        .iter()
        .map(|task| task["id"].as_i64().unwrap())
        .collect()
}
