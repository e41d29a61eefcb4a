//! Lists with random filters and orders, page by page.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{
    memory::{Memory, Row},
    values::{DUES, Dice, EXTERNAL_IDS, LABELS, PRIORITIES, STATUSES, description, matches, title},
};
use crate::support::client::{Client, query};

/// A query and its words, of which the last is a prefix.
const QUERIES: &[(&str, &[&str])] = &[
    ("milk", &["milk"]),
    ("Mil", &["mil"]),
    ("buy mil", &["buy", "mil"]),
    ("ÄPFEL", &["apfel"]),
    ("app", &["app"]),
    ("straße", &["strasse"]),
    ("stras 1", &["stras", "1"]),
    ("1 stras", &["1", "stras"]),
    ("1", &["1"]),
    ("2026-11", &["2026", "11"]),
    ("牛", &["牛"]),
    ("乳牛", &["乳", "牛"]),
    ("🦀", &["🦀"]),
    ("honey AND milk", &["honey", "and", "milk"]),
    ("-- \"", &[]),
];

struct Listing<'a> {
    pairs: Vec<(&'static str, String)>,
    /// What the filters leave, in the order asked for.
    tasks: Vec<&'a Row>,
}

impl Listing<'_> {
    fn filter(&mut self, name: &'static str, value: String, keep: impl Fn(&Row) -> bool) {
        self.pairs.push((name, value));
        self.tasks.retain(|task| keep(task));
    }

    /// A list of values, written in one of its forms.
    fn list(
        &mut self,
        dice: &mut Dice,
        name: &'static str,
        values: &[&str],
        keep: impl Fn(&Row) -> bool,
    ) {
        let at = if dice.chance(50) { 1 } else { values.len() };
        let parts = values.chunks(at).map(|part| (name, part.join(",")));
        self.pairs.extend(parts);
        self.tasks.retain(|task| keep(task));
    }
}

/// Compares one list on all its pages.
pub async fn compare(client: &Client, dice: &mut Dice, memory: &Memory, last: &mut String) {
    let mut listing = Listing {
        pairs: Vec::new(),
        tasks: memory.live().collect(),
    };
    let words = filters(&mut listing, dice, memory);
    sort(&mut listing, dice, words);
    let limit: usize = dice.pick(&[1, 2, 3, 5, 20, 200]);
    // One at a time is for short lists.
    let limit = limit.max(listing.tasks.len() / 12);
    let mut pairs = listing.pairs.clone();
    pairs.push(("limit", limit.to_string()));
    let counted = dice.chance(50);
    if counted {
        pairs.push(("include_total", "true".to_owned()));
    }
    let computed = dice.chance(30);
    if computed {
        pairs.push(("include_computed", "true".to_owned()));
    }
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let target = format!("/tasks?{}", query(&pairs));
    *last = format!("{target} {pairs:?}");
    let pages = client.pages(&target).await;
    let sizes: Vec<usize> = pages
        .iter()
        .map(|page| page.json().as_array().unwrap().len())
        .collect();
    let expected: Vec<usize> = match listing.tasks.len() {
        0 => vec![0],
        _ => listing.tasks.chunks(limit).map(<[_]>::len).collect(),
    };
    let seen: Vec<Value> = pages
        .iter()
        .flat_map(|page| page.json().as_array().unwrap().clone())
        .collect();
    let ids =
        |tasks: &[Value]| -> Vec<i64> { tasks.iter().map(|t| t["id"].as_i64().unwrap()).collect() };
    let model: Vec<i64> = listing.tasks.iter().map(|task| task.id).collect();
    assert_eq!(ids(&seen), model, "{pairs:?}");
    assert_eq!(sizes, expected, "{pairs:?}");
    for (task, mut seen) in listing.tasks.iter().zip(seen) {
        if computed {
            check_computed(memory, task, &mut seen);
        }
        (*task).clone().learn(&seen);
    }
    let total = counted.then(|| model.len().to_string());
    for page in &pages {
        assert_eq!(page.header("x-total-count"), total.as_deref());
    }
    if let Some(next) = pages[0].next() {
        let (_, cursor) = next.split_once("cursor=").unwrap();
        let other = format!("/tasks?label=none&cursor={cursor}");
        assert_eq!(client.get(&other).await.faults(), ["cursor cursor"]);
    }
}

/// Returns the words of the search, where there is one.
fn filters(
    listing: &mut Listing<'_>,
    dice: &mut Dice,
    memory: &Memory,
) -> Option<&'static [&'static str]> {
    if dice.chance(30) {
        let chosen = dice.some(STATUSES, 1, 3);
        listing.list(dice, "status", &chosen, |task| {
            chosen.contains(&task.text("status").unwrap())
        });
    }
    if dice.chance(25) {
        let chosen = dice.some(PRIORITIES, 1, 4);
        listing.list(dice, "priority", &chosen, |task| {
            chosen.contains(&task.text("priority").unwrap())
        });
    }
    if dice.chance(25) {
        let chosen = dice.some(LABELS, 1, 3);
        listing.list(dice, "label", &chosen, |task| {
            task.labels()
                .iter()
                .any(|name| chosen.contains(&name.as_str()))
        });
    }
    if dice.chance(10) {
        let chosen = dice.pick(EXTERNAL_IDS);
        listing.filter("external_id", chosen.to_owned(), |task| {
            task.text("external_id") == Some(chosen)
        });
    }
    if dice.chance(15) {
        let (sent, after) = dice.pick(DUES);
        listing.filter("due_after", sent.to_owned(), |task| {
            task.text("due_at").is_some_and(|due| due >= after)
        });
    }
    if dice.chance(15) {
        // A date is its midnight.
        let (sent, before) = dice.pick(&[
            ("2020-01-01", "2020-01-01T00:00:00.000000Z"),
            DUES[3],
            DUES[2],
        ]);
        listing.filter("due_before", sent.to_owned(), |task| {
            task.text("due_at").is_some_and(|due| due < before)
        });
    }
    if dice.chance(20) {
        let overdue = dice.chance(50);
        listing.filter("overdue", overdue.to_string(), |task| {
            let open = ["todo", "in_progress"].contains(&task.text("status").unwrap());
            let past = task.text("due_at").is_some_and(|due| due < "2025");
            (open && past) == overdue
        });
    }
    // Times that some task has exactly.
    let known: Vec<&Row> = memory.tasks.iter().collect();
    if !known.is_empty() && dice.chance(25) {
        let at = dice.pick(&known);
        let (created, updated) = (at.created_at.as_str(), at.updated_at.as_str());
        match dice.below(4) {
            0 => listing.filter("created_after", created.into(), |t| {
                t.created_at.as_str() >= created
            }),
            1 => listing.filter("created_before", created.into(), |t| {
                t.created_at.as_str() < created
            }),
            2 => listing.filter("updated_after", updated.into(), |t| {
                t.updated_at.as_str() >= updated
            }),
            _ => listing.filter("updated_before", updated.into(), |t| {
                t.updated_at.as_str() < updated
            }),
        }
    }
    relations(listing, dice, memory);
    if !dice.chance(35) {
        return None;
    }
    let (q, words) = dice.pick(QUERIES);
    listing.filter("q", q.to_owned(), |task| {
        matches(words, &[title(task).2, description(task)].concat())
    });
    Some(words)
}

/// The filters by what a task refers to.
fn relations(listing: &mut Listing<'_>, dice: &mut Dice, memory: &Memory) {
    let ids = |dice: &mut Dice, rows: &[Row]| -> Vec<i64> {
        let known: Vec<i64> = rows.iter().map(|row| row.id).chain([987_654]).collect();
        dice.some(&known, 1, known.len().min(4))
    };
    let texts = |ids: &[i64]| ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let is_in = |id: Option<i64>, ids: &[i64]| id.is_some_and(|id| ids.contains(&id));
    match dice.below(16) {
        0 => {
            let chosen = ids(dice, &memory.projects);
            listing.filter("project", texts(&chosen), |t| is_in(t.project(), &chosen));
        }
        1 => {
            let chosen = ids(dice, &memory.projects);
            listing.filter("project_not", texts(&chosen), |t| {
                !is_in(t.project(), &chosen)
            });
        }
        2 => {
            let chosen = ids(dice, &memory.tasks);
            listing.filter("parent", texts(&chosen), |t| is_in(t.parent(), &chosen));
        }
        3 => {
            let chosen = ids(dice, &memory.tasks);
            listing.filter("blocked_by", texts(&chosen), |t| {
                t.blockers().iter().any(|id| chosen.contains(id))
            });
        }
        4 => {
            let blocked = dice.chance(50);
            listing.filter("blocked", blocked.to_string(), |t| {
                memory.is_blocked(t) == blocked
            });
        }
        5 => {
            let archived = dice.chance(50);
            listing.filter("archived", archived.to_string(), |t| {
                let project = memory.projects.iter().find(|p| Some(p.id) == t.project());
                project.is_some_and(|p| p.content["archived"] == true) == archived
            });
        }
        6 => {
            let chosen = dice.some(LABELS, 1, 2);
            listing.list(dice, "label_all", &chosen, |t| {
                chosen
                    .iter()
                    .all(|name| t.labels().iter().any(|l| l == name))
            });
        }
        7 => {
            let chosen = dice.some(LABELS, 1, 2);
            listing.list(dice, "label_not", &chosen, |t| {
                !t.labels()
                    .iter()
                    .any(|name| chosen.contains(&name.as_str()))
            });
        }
        8..11 => {
            let chosen = dice.some(MEMBERS, 1, 2);
            let with = dice.chance(50);
            let name = if with { "with" } else { "without" };
            listing.list(dice, name, &chosen, |t| {
                chosen.iter().all(|name| has(t, name) == with)
            });
        }
        _ => {}
    }
    let completed = memory
        .tasks
        .iter()
        .filter_map(|t| t.completed_at.as_deref());
    let completed: Vec<&str> = completed.collect();
    if !completed.is_empty() && dice.chance(15) {
        let at = dice.pick(&completed);
        let done = |t: &Row, is: fn(&str, &str) -> bool| {
            t.completed_at.as_deref().is_some_and(|time| is(time, at))
        };
        if dice.chance(50) {
            listing.filter("completed_after", at.into(), |t| {
                done(t, |time, at| time >= at)
            });
        } else {
            listing.filter("completed_before", at.into(), |t| {
                done(t, |time, at| time < at)
            });
        }
    }
}

const MEMBERS: &[&str] = &["due", "labels", "project_id", "parent_id", "blocked_by"];

fn has(task: &Row, name: &str) -> bool {
    let name = if name == "due" { "due_at" } else { name };
    match &task.content[name] {
        Value::Array(items) => !items.is_empty(),
        other => !other.is_null(),
    }
}

/// What follows from other tasks, taken out of an item of a list.
fn check_computed(memory: &Memory, task: &Row, seen: &mut Value) {
    let subtasks = || memory.live().filter(|row| row.parent() == Some(task.id));
    let open = subtasks().filter(|row| row.is_open()).count();
    let members = seen.as_object_mut().unwrap();
    for (name, expected) in [
        ("subtasks", json!(subtasks().count())),
        ("open_subtasks", json!(open)),
        ("blocked", json!(memory.is_blocked(task))),
    ] {
        assert_eq!(
            members.remove(name),
            Some(expected),
            "{name} of {}",
            task.id
        );
    }
}

fn sort(listing: &mut Listing<'_>, dice: &mut Dice, words: Option<&'static [&'static str]>) {
    let mut names = vec![
        "id",
        "created_at",
        "updated_at",
        "due_at",
        "priority",
        "title",
        "position",
    ];
    if words.is_some() {
        names.extend(["relevance"; 1]);
    }
    let mut keys: Vec<(&str, bool)> = Vec::new();
    if dice.chance(85) {
        for name in dice.some(&names, 1, 3) {
            keys.push((name, name != "relevance" && dice.chance(50)));
        }
        let text: Vec<String> = keys
            .iter()
            .map(|(name, descending)| format!("{}{name}", if *descending { "-" } else { "" }))
            .collect();
        listing.pairs.push(("sort", text.join(",")));
    }
    let last = keys.last().is_none_or(|(_, descending)| *descending);
    keys.push(("id", last));
    listing.tasks.sort_by(|a, b| {
        let by_key = keys
            .iter()
            .map(|(name, descending)| by(name, *descending, a, b, words.unwrap_or(&[])));
        by_key.fold(Ordering::Equal, Ordering::then)
    });
}

fn by(name: &str, descending: bool, a: &Row, b: &Row, words: &[&str]) -> Ordering {
    let rank = |task: &Row| {
        PRIORITIES
            .iter()
            .position(|name| task.text("priority") == Some(name))
    };
    let order = match name {
        "id" => a.id.cmp(&b.id),
        "created_at" => a.created_at.cmp(&b.created_at),
        "updated_at" => a.updated_at.cmp(&b.updated_at),
        "priority" => rank(a).cmp(&rank(b)),
        "position" => a.key.cmp(&b.key),
        "title" => title(a).1.cmp(title(b).1),
        "relevance" => matches(words, title(b).2).cmp(&matches(words, title(a).2)),
        _ => match (a.text("due_at"), b.text("due_at")) {
            (Some(a), Some(b)) => a.cmp(b),
            // Whatever the direction, what has none is last.
            (a, b) => return b.is_some().cmp(&a.is_some()),
        },
    };
    if descending { order.reverse() } else { order }
}
