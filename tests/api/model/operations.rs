//! Random requests, from values so few that they clash.

use proptest::{prelude::Rng, test_runner::TestRng};
use reqwest::Method;
use serde_json::{Value, json};

use super::memory::Memory;
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

#[derive(Debug, Clone)]
pub enum Operation {
    Create(Value),
    Update(i64, Value),
    Delete(i64),
    Restore(i64),
    Purge(i64),
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
            Self::Create(body) => (Method::POST, "/tasks".into(), Some(body.clone())),
            Self::Update(id, body) => (Method::PATCH, format!("/tasks/{id}"), Some(body.clone())),
            Self::Delete(id) => (Method::DELETE, format!("/tasks/{id}"), None),
            Self::Restore(id) => (Method::POST, format!("/trash/{id}/restore"), None),
            Self::Purge(id) => (Method::DELETE, format!("/trash/{id}"), None),
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
            Self::Create(task) => json!({ "op": "create", "task": task }),
            Self::Update(id, task) => json!({ "op": "update", "id": id, "task": task }),
            Self::Delete(id) => json!({ "op": "delete", "id": id }),
            Self::Restore(id) => json!({ "op": "restore", "id": id }),
            other => panic!("no operation of a batch: {other:?}"),
        };
        if let Some(version) = if_version {
            item["if_version"] = json!(version);
        }
        item
    }

    /// What is wrong with the body.
    pub fn fault(&self) -> Option<&'static str> {
        let (Self::Create(body) | Self::Update(_, body)) = self else {
            return None;
        };
        let wrong = FAULTS.iter().find(|(name, text, _)| {
            let value: Value = serde_json::from_str(text).unwrap();
            body.get(name) == Some(&value)
        });
        wrong.map(|(.., fault)| *fault)
    }

    pub fn takes_if_match(&self) -> bool {
        matches!(self, Self::Update(..) | Self::Delete(_) | Self::Purge(_))
    }

    fn id(&self) -> Option<i64> {
        match self {
            Self::Update(id, _) | Self::Delete(id) | Self::Restore(id) | Self::Purge(id) => {
                Some(*id)
            }
            _ => None,
        }
    }
}

pub fn operation(dice: &mut Dice, memory: &Memory) -> Operation {
    let crowded = memory.tasks.len() > 45;
    match dice.below(100) {
        0..18 if !crowded => Operation::Create(body(dice, true)),
        0..25 if crowded => Operation::EmptyTrash,
        0..55 => {
            let id = id(dice, memory, false);
            Operation::Update(id, patch(dice, memory, id))
        }
        55..66 => Operation::Delete(id(dice, memory, false)),
        66..73 => Operation::Restore(id(dice, memory, true)),
        73..77 => Operation::Purge(id(dice, memory, true)),
        77 => Operation::EmptyTrash,
        78..82 => Operation::Rename(dice.pick(LABELS), dice.pick(LABELS)),
        82..85 => Operation::RemoveLabel(dice.pick(LABELS)),
        _ => Operation::Batch {
            atomic: dice.chance(50),
            dry_run: dice.chance(15),
            items: (0..1 + dice.below(6)).map(|_| item(dice, memory)).collect(),
        },
    }
}

fn item(dice: &mut Dice, memory: &Memory) -> (Operation, Option<i64>) {
    let operation = match dice.below(10) {
        0..2 => Operation::Create(body(dice, true)),
        2..6 => {
            let id = id(dice, memory, false);
            Operation::Update(id, patch(dice, memory, id))
        }
        6..8 => Operation::Delete(id(dice, memory, false)),
        _ => Operation::Restore(id(dice, memory, true)),
    };
    let versioned = matches!(operation, Operation::Update(..) | Operation::Delete(_));
    let version = operation
        .id()
        .and_then(|id| memory.find(id))
        .map_or(1, |task| task.version);
    let if_version = (versioned && dice.chance(40)).then(|| match dice.below(4) {
        0 => version + 1,
        _ => version,
    });
    (operation, if_version)
}

/// Mostly one that is there.
fn id(dice: &mut Dice, memory: &Memory, trashed: bool) -> i64 {
    let there: Vec<i64> = if trashed {
        memory.trash().map(|task| task.id).collect()
    } else {
        memory.live().map(|task| task.id).collect()
    };
    if there.is_empty() || dice.chance(6) {
        1 + dice.below(memory.last_id as usize + 2) as i64
    } else if dice.chance(50) {
        // A few tasks get most of the changes.
        there[dice.below(there.len().min(5))]
    } else {
        dice.pick(&there)
    }
}

/// Now and then exactly what the task has already.
fn patch(dice: &mut Dice, memory: &Memory, id: i64) -> Value {
    match memory.find(id).filter(|_| dice.chance(15)) {
        Some(task) => {
            let mut same = task.content.clone();
            same.remove("due_at");
            Value::Object(same)
        }
        None => body(dice, false),
    }
}

fn body(dice: &mut Dice, create: bool) -> Value {
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
    if dice.chance(5) {
        let (name, wrong, _) = dice.pick(FAULTS);
        body[name] = serde_json::from_str(wrong).unwrap();
    }
    body
}

/// A condition on the task that the operation is about, which may hold or not.
pub fn if_match(dice: &mut Dice, memory: &Memory, operation: &Operation) -> Option<String> {
    if !operation.takes_if_match() || dice.chance(60) {
        return None;
    }
    let found = operation.id().and_then(|id| memory.find(id));
    let version = found.map_or(1, |task| task.version);
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
