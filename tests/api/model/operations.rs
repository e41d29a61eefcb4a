//! Random requests, from values so few that they clash.

use proptest::{prelude::Rng, test_runner::TestRng};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    memory::{Kind, Memory},
    relations::Next,
};
use crate::support::client::segment;

/// Title, its key in the order by title, its words.
pub const TITLES: &[(&str, &str, &[&str])] = &[
    ("Buy milk", "buy milk", &["buy", "milk"]),
    ("buy MILK", "buy milk", &["buy", "milk"]),
    ("Zebra", "zebra", &["zebra"]),
    ("apple", "apple", &["apple"]),
    ("Äpfel", "äpfel", &["apfel"]),
    ("Straße 1", "strasse 1", &["strasse", "1"]),
    ("STRASSE 1", "strasse 1", &["strasse", "1"]),
    ("10", "10", &["10"]),
    ("9", "9", &["9"]),
    (
        "2026-11-23T09:00:00Z",
        "2026-11-23t09:00:00z",
        &["2026", "11", "23t09", "00", "00z"],
    ),
    ("牛乳", "牛乳", &["牛", "乳"]),
    ("-- ' \" \\", "-- ' \" \\", &[]),
    ("🦀", "🦀", &["🦀"]),
    ("\u{ff21}", "\u{ff41}", &["a"]),
];
/// Description and its words.
pub const DESCRIPTIONS: &[(&str, &[&str])] = &[
    ("milk and honey", &["milk", "and", "honey"]),
    ("Apple", &["apple"]),
    ("", &[]),
    ("strasse", &["strasse"]),
];
/// A time as it is sent and as it is shown.
pub const DUES: &[(&str, &str)] = &[
    ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000000Z"),
    ("2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00.000000Z"),
    ("2020-01-01T00:00:00.5Z", "2020-01-01T00:00:00.500000Z"),
    ("2021-06-01T12:00:00Z", "2021-06-01T12:00:00.000000Z"),
    ("2099-12-31T23:59:59.999999Z", "2099-12-31T23:59:59.999999Z"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
];
pub const STATUSES: &[&str] = &["todo", "in_progress", "done", "cancelled"];
/// From the least to the most urgent.
pub const PRIORITIES: &[&str] = &["none", "low", "medium", "high", "urgent"];
pub const LABELS: &[&str] = &["a", "A", "b c", "ä/%", "\"\\'", "🦀"];
pub const NAMES: &[&str] = &["House", "house", " Work "];
pub const COLORS: &[&str] = &["#4073ff", "#FFAA00"];
pub const EXTERNAL_IDS: &[&str] = &["x", "y", "X-1"];
/// A member, a value that it cannot have, and the fault.
const FAULTS: &[(&str, &str, &str)] = &[
    ("title", "\" \"", "/title length"),
    ("title", "null", "/title null"),
    ("status", "\"later\"", "/status choice"),
    ("priority", "null", "/priority null"),
    ("due_at", "\"tomorrow\"", "/due_at format"),
    ("labels", "[\"a\",\"a \"]", "/labels/1 duplicate"),
    ("external_id", "\"\"", "/external_id length"),
    ("project_id", "\"1\"", "/project_id type"),
    ("blocked_by", "[7,8,7]", "/blocked_by/2 duplicate"),
    ("version", "1", "/version unknown"),
];

/// Random numbers that a seed repeats.
pub struct Dice(pub TestRng);

impl Dice {
    pub fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }

    /// `least` to `most` different values.
    pub fn some<T: Clone>(&mut self, values: &[T], least: usize, most: usize) -> Vec<T> {
        let mut left = values.to_vec();
        let count = least + self.below(most - least + 1);
        (0..count)
            .map(|_| left.remove(self.below(left.len())))
            .collect()
    }
}

/// How an update affects others.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    pub force: bool,
    pub close: bool,
}

/// Rows are named by kind and id. An id below zero is a temporary one.
#[derive(Debug, Clone)]
pub enum Operation {
    /// With the temporary id.
    Create(Value, Option<i64>),
    Update(i64, Value, Options),
    /// Whether the subtasks stay.
    Delete(i64, bool),
    Restore(i64),
    Move(Kind, i64, Next),
    CreateProject(Value),
    UpdateProject(i64, Value),
    /// Whether the tasks stay.
    DeleteProject(i64, bool),
    RestoreProject(i64),
    Purge(Kind, i64),
    EmptyTrash,
    Rename(&'static str, &'static str),
    RemoveLabel(&'static str),
    Batch {
        atomic: bool,
        dry_run: bool,
        items: Vec<(Operation, Option<i64>)>,
    },
}

#[derive(Debug, Clone)]
pub struct Request {
    pub operation: Operation,
    pub if_match: Option<String>,
    pub key: Option<String>,
}

impl Operation {
    /// Method, path and body.
    pub fn target(&self) -> (Method, String, Option<Value>) {
        let label = |name: &str| format!("/labels/{}", segment(name));
        match self {
            Self::Create(body, _) => (Method::POST, "/tasks".into(), Some(body.clone())),
            Self::Update(id, body, options) => {
                let mut path = format!("/tasks/{id}");
                let Options { force, close } = options;
                if *force || *close {
                    let subtasks = if *close { "close" } else { "keep" };
                    path += &format!("?force={force}&subtasks={subtasks}");
                }
                (Method::PATCH, path, Some(body.clone()))
            }
            Self::Delete(id, keep) => {
                let query = if *keep { "?subtasks=keep" } else { "" };
                (Method::DELETE, format!("/tasks/{id}{query}"), None)
            }
            Self::Restore(id) => (Method::POST, format!("/trash/{id}/restore"), None),
            Self::Move(kind, id, next) => {
                let path = format!("/{}/{id}/move", plural(*kind));
                (Method::POST, path, Some(destination(*next)))
            }
            Self::CreateProject(body) => (Method::POST, "/projects".into(), Some(body.clone())),
            Self::UpdateProject(id, body) => {
                (Method::PATCH, format!("/projects/{id}"), Some(body.clone()))
            }
            Self::DeleteProject(id, keep) => {
                let query = if *keep { "?tasks=keep" } else { "" };
                (Method::DELETE, format!("/projects/{id}{query}"), None)
            }
            Self::RestoreProject(id) => {
                (Method::POST, format!("/trash/projects/{id}/restore"), None)
            }
            Self::Purge(Kind::Task, id) => (Method::DELETE, format!("/trash/{id}"), None),
            Self::Purge(Kind::Project, id) => {
                (Method::DELETE, format!("/trash/projects/{id}"), None)
            }
            Self::EmptyTrash => (Method::DELETE, "/trash".into(), None),
            Self::Rename(old, new) => (Method::PATCH, label(old), Some(json!({ "name": new }))),
            Self::RemoveLabel(name) => (Method::DELETE, label(name), None),
            Self::Batch {
                atomic,
                dry_run,
                items,
            } => {
                let items: Vec<Value> = items.iter().map(|(item, v)| item.in_batch(*v)).collect();
                let body = json!({ "atomic": atomic, "dry_run": dry_run, "operations": items });
                (Method::POST, "/tasks/batch".into(), Some(body))
            }
        }
    }

    fn in_batch(&self, if_version: Option<i64>) -> Value {
        let mut item = match self {
            Self::Create(task, None) => json!({ "op": "create", "task": task }),
            Self::Create(task, Some(name)) => json!({ "op": "create", "id": name, "task": task }),
            Self::Update(id, task, Options { force, close }) => {
                let subtasks = if *close { "close" } else { "keep" };
                json!({ "op": "update", "id": id, "force": force, "subtasks": subtasks, "task": task })
            }
            Self::Delete(id, false) => json!({ "op": "delete", "id": id }),
            Self::Delete(id, true) => json!({ "op": "delete", "id": id, "subtasks": "keep" }),
            Self::Restore(id) => json!({ "op": "restore", "id": id }),
            Self::Move(Kind::Task, id, next) => {
                let mut item = destination(*next);
                (item["op"], item["id"]) = (json!("move"), json!(id));
                item
            }
            other => panic!("no operation of a batch: {other:?}"),
        };
        if let Some(version) = if_version {
            item["if_version"] = json!(version);
        }
        item
    }

    /// What is wrong with the body.
    pub fn fault(&self) -> Option<&'static str> {
        let (Self::Create(body, _) | Self::Update(_, body, _)) = self else {
            return None;
        };
        let wrong = FAULTS.iter().find(|(name, text, _)| {
            let value: Value = serde_json::from_str(text).unwrap();
            body.get(name) == Some(&value)
        });
        wrong.map(|(.., fault)| *fault)
    }

    /// The row that it is about, which a condition can be on.
    pub fn row(&self) -> Option<(Kind, i64)> {
        match self {
            Self::Update(id, ..) | Self::Delete(id, _) | Self::Restore(id) => {
                Some((Kind::Task, *id))
            }
            Self::UpdateProject(id, _) | Self::DeleteProject(id, _) | Self::RestoreProject(id) => {
                Some((Kind::Project, *id))
            }
            Self::Move(kind, id, _) | Self::Purge(kind, id) => Some((*kind, *id)),
            _ => None,
        }
    }
}

fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Task => "tasks",
        Kind::Project => "projects",
    }
}

fn destination(next: Next) -> Value {
    match next {
        Next::Before(id) => json!({ "before": id }),
        Next::After(id) => json!({ "after": id }),
    }
}

pub fn operation(dice: &mut Dice, memory: &Memory) -> Operation {
    let crowded = memory.tasks.len() > 45;
    match dice.below(120) {
        0..18 if !crowded => Operation::Create(body(dice, memory, true, &[]), None),
        0..25 if crowded => Operation::EmptyTrash,
        85..100 => Operation::Batch {
            atomic: dice.chance(50),
            dry_run: dice.chance(15),
            items: items(dice, memory),
        },
        73..77 => Operation::Purge(Kind::Task, id(dice, memory, Kind::Task, true)),
        77 => Operation::EmptyTrash,
        78..82 => Operation::Rename(dice.pick(LABELS), dice.pick(LABELS)),
        82..85 => Operation::RemoveLabel(dice.pick(LABELS)),
        100..120 => project_operation(dice, memory),
        _ => on_task(dice, memory, &[]),
    }
}

fn project_operation(dice: &mut Dice, memory: &Memory) -> Operation {
    let live = |dice: &mut Dice| id(dice, memory, Kind::Project, false);
    let trashed = |dice: &mut Dice| id(dice, memory, Kind::Project, true);
    match dice.below(20) {
        0..4 if memory.projects.len() < 8 => Operation::CreateProject(project(dice, true)),
        0..8 => Operation::UpdateProject(live(dice), project(dice, false)),
        8..11 => Operation::DeleteProject(live(dice), dice.chance(30)),
        11..14 => Operation::RestoreProject(trashed(dice)),
        14 => Operation::Purge(Kind::Project, trashed(dice)),
        _ => moved(dice, memory, Kind::Project, &[]),
    }
}

/// An operation on a task, which may be one of those with temporary ids.
fn on_task(dice: &mut Dice, memory: &Memory, names: &[i64]) -> Operation {
    let live = |dice: &mut Dice| {
        if dice.chance(25) && !names.is_empty() {
            dice.pick(names)
        } else {
            id(dice, memory, Kind::Task, false)
        }
    };
    match dice.below(10) {
        0..5 => {
            let id = live(dice);
            let task = patch(dice, memory, id, names);
            let status = task["status"].as_str().unwrap_or_default();
            let options = Options {
                force: dice.chance(20),
                close: ["done", "cancelled"].contains(&status) && dice.chance(40),
            };
            Operation::Update(id, task, options)
        }
        5..7 => moved(dice, memory, Kind::Task, names),
        7 => Operation::Delete(live(dice), dice.chance(40)),
        _ => Operation::Restore(id(dice, memory, Kind::Task, true)),
    }
}

fn moved(dice: &mut Dice, memory: &Memory, kind: Kind, names: &[i64]) -> Operation {
    let live = |dice: &mut Dice| {
        if dice.chance(25) && !names.is_empty() {
            dice.pick(names)
        } else {
            id(dice, memory, kind, false)
        }
    };
    let (id, anchor) = (live(dice), live(dice));
    let before = dice.chance(50);
    let next = if before {
        Next::Before(anchor)
    } else {
        Next::After(anchor)
    };
    Operation::Move(kind, id, next)
}

fn items(dice: &mut Dice, memory: &Memory) -> Vec<(Operation, Option<i64>)> {
    let mut names: Vec<i64> = Vec::new();
    let mut items = Vec::new();
    for number in 0..1 + dice.below(6) {
        let operation = if dice.chance(35) {
            let task = body(dice, memory, true, &names);
            let name = dice.chance(60).then_some(-1 - number as i64);
            names.extend(name);
            Operation::Create(task, name)
        } else {
            on_task(dice, memory, &names)
        };
        let versioned = operation.row().is_some() && !matches!(operation, Operation::Restore(_));
        let known = operation.row().and_then(|(_, id)| memory.find(id));
        let version = known.map_or(1, |task| task.version);
        let if_version = (versioned && dice.chance(30)).then(|| match dice.below(4) {
            0 => version + 1,
            _ => version,
        });
        items.push((operation, if_version));
    }
    items
}

/// Mostly one that is there.
fn id(dice: &mut Dice, memory: &Memory, kind: Kind, trashed: bool) -> i64 {
    let rows = memory.rows(kind).iter();
    let there = rows.filter(|row| row.trashed == trashed);
    let there: Vec<i64> = there.map(|row| row.id).collect();
    let last = match kind {
        Kind::Task => memory.last_id,
        Kind::Project => memory.last_project,
    };
    if there.is_empty() || dice.chance(6) {
        // None that comes next: an operation before it may create that.
        let gone = 1 + dice.below(last.max(1) as usize) as i64;
        dice.pick(&[gone, 987_654])
    } else if dice.chance(50) {
        // A few get most of the changes.
        there[dice.below(there.len().min(5))]
    } else {
        dice.pick(&there)
    }
}

/// Now and then exactly what the task has already.
fn patch(dice: &mut Dice, memory: &Memory, id: i64, names: &[i64]) -> Value {
    match memory.find(id).filter(|_| dice.chance(15)) {
        Some(task) => {
            let mut same = task.content.clone();
            same.remove("due_at");
            Value::Object(same)
        }
        None => body(dice, memory, false, names),
    }
}

fn project(dice: &mut Dice, create: bool) -> Value {
    let mut body = json!({});
    if create || dice.chance(40) {
        body["name"] = json!(dice.pick(NAMES));
    }
    if dice.chance(40) {
        body["color"] = if dice.chance(30) {
            Value::Null
        } else {
            json!(dice.pick(COLORS))
        };
    }
    if dice.chance(50) {
        body["archived"] = json!(dice.chance(50));
    }
    body
}

/// What a task refers to.
fn references(dice: &mut Dice, memory: &Memory, names: &[i64], body: &mut Value) {
    let task = |dice: &mut Dice| {
        if dice.chance(60) && !names.is_empty() {
            dice.pick(names)
        } else {
            id(dice, memory, Kind::Task, false)
        }
    };
    if dice.chance(35) {
        body["parent_id"] = if dice.chance(25) {
            Value::Null
        } else {
            json!(task(dice))
        };
    }
    if dice.chance(if body.get("parent_id").is_some() {
        10
    } else {
        25
    }) {
        body["project_id"] = if dice.chance(25) {
            Value::Null
        } else {
            json!(id(dice, memory, Kind::Project, false))
        };
    }
    if dice.chance(30) {
        let mut blockers: Vec<i64> = (0..dice.below(4)).map(|_| task(dice)).collect();
        blockers.sort_unstable();
        blockers.dedup();
        blockers.reverse();
        body["blocked_by"] = json!(blockers);
    }
}

fn body(dice: &mut Dice, memory: &Memory, create: bool, names: &[i64]) -> Value {
    let mut body = json!({});
    if create || dice.chance(30) {
        let title = dice.pick(TITLES).0;
        body["title"] = if dice.chance(10) {
            json!(format!(" {title}\n"))
        } else {
            json!(title)
        };
    }
    if dice.chance(25) {
        body["description"] = if dice.chance(30) {
            Value::Null
        } else {
            json!(dice.pick(DESCRIPTIONS).0)
        };
    }
    if dice.chance(35) {
        body["status"] = json!(dice.pick(STATUSES));
    }
    if dice.chance(35) {
        body["priority"] = json!(dice.pick(PRIORITIES));
    }
    if dice.chance(40) {
        body["due_at"] = if dice.chance(25) {
            Value::Null
        } else {
            json!(dice.pick(DUES).0)
        };
    }
    if dice.chance(40) {
        body["labels"] = json!(dice.some(LABELS, 0, 3));
    }
    if dice.chance(25) {
        body["external_id"] = if dice.chance(30) {
            Value::Null
        } else {
            json!(dice.pick(EXTERNAL_IDS))
        };
    }
    references(dice, memory, names, &mut body);
    if dice.chance(5) {
        let (name, wrong, _) = dice.pick(FAULTS);
        body[name] = serde_json::from_str(wrong).unwrap();
    }
    body
}

/// A condition on the task that the operation is about, which may hold or not.
pub fn if_match(dice: &mut Dice, memory: &Memory, operation: &Operation) -> Option<String> {
    let (kind, id) = operation.row().filter(|_| dice.chance(40))?;
    let found = memory.rows(kind).iter().find(|row| row.id == id);
    let version = found.map_or(1, |row| row.version);
    Some(match dice.below(8) {
        0..3 => format!("\"{version}\""),
        3 => format!("\"99999\", \"{version}\""),
        4 => "*".to_owned(),
        5 => format!("W/\"{version}\""),
        6 => format!("\"{}\"", version + 1),
        _ => format!("\"{}\"", version - 1),
    })
}

/// Whether a condition from [`if_match`] holds.
pub fn holds(if_match: Option<&str>, version: i64) -> bool {
    let strong = format!("\"{version}\"");
    if_match.is_none_or(|tags| tags == "*" || tags.split(", ").any(|tag| tag == strong))
}
