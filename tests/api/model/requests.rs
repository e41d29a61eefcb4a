//! Random requests.

use serde_json::{Value, json};

use super::{
    memory::{Kind, Memory},
    operations::{Operation, Options},
    relations::Next,
    values::*,
};

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
