//! What the service must know, kept in the simplest way.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};
use task_api::models::order_key::OrderKey;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Task,
    Project,
}

/// A task or a project; times are facts that the answers teach, within the rules.
#[derive(Debug, Clone)]
pub struct Row {
    pub kind: Kind,
    pub id: i64,
    pub content: Map<String, Value>,
    pub key: OrderKey,
    pub version: i64,
    pub created_at: String,
    pub updated_at: String,
    pub completed_at: Option<String>,
    pub trashed: bool,
    /// With what it went to the trash, where it did not go alone.
    pub deletion: Option<(Kind, i64)>,
    /// It was changed since its times were seen.
    fresh: bool,
    /// That change completed it.
    finished: bool,
}

/// Why an operation is refused.
#[derive(Debug, Clone)]
pub enum Refusal {
    NotFound,
    Conflict,
    /// By these tasks.
    Blocked(Vec<i64>),
    Mismatch(Box<Row>),
}

#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub tasks: Vec<Row>,
    pub projects: Vec<Row>,
    /// The largest ids that were ever given out.
    pub last_id: i64,
    pub last_project: i64,
    /// Ids that the answer gives to what is created.
    pub told: VecDeque<i64>,
    /// The tasks of a batch that have temporary ids.
    pub names: BTreeMap<i64, i64>,
}

impl Refusal {
    /// Whether it names a task with a greater id.
    pub fn names_after(&self, last_id: i64) -> bool {
        match self {
            Self::Mismatch(row) => row.id > last_id,
            Self::Blocked(ids) => ids.iter().any(|id| *id > last_id),
            Self::NotFound | Self::Conflict => false,
        }
    }
}

impl Row {
    fn new(kind: Kind, id: i64) -> Self {
        let content = match kind {
            Kind::Task => json!({
                "title": "", "description": null, "status": "todo", "priority": "medium",
                "due_at": null, "labels": [], "external_id": null,
                "project_id": null, "parent_id": null, "blocked_by": [],
            }),
            Kind::Project => json!({
                "name": "", "description": null, "color": null, "archived": false,
            }),
        };
        Self {
            kind,
            id,
            content: content.as_object().unwrap().clone(),
            key: OrderKey::of_id(id),
            version: 0,
            created_at: String::new(),
            updated_at: String::new(),
            completed_at: None,
            trashed: false,
            deletion: None,
            fresh: false,
            finished: false,
        }
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.content[name].as_str()
    }

    pub fn labels(&self) -> Vec<String> {
        serde_json::from_value(self.content["labels"].clone()).unwrap()
    }

    pub fn parent(&self) -> Option<i64> {
        self.content["parent_id"].as_i64()
    }

    pub fn project(&self) -> Option<i64> {
        self.content["project_id"].as_i64()
    }

    pub fn blockers(&self) -> Vec<i64> {
        serde_json::from_value(self.content["blocked_by"].clone()).unwrap()
    }

    pub fn is_open(&self) -> bool {
        ["todo", "in_progress"].contains(&self.text("status").unwrap())
    }

    fn shown(&self) -> Value {
        let mut shown = self.content.clone();
        shown.insert("id".into(), json!(self.id));
        shown.insert("position".into(), json!(self.key));
        shown.insert("version".into(), json!(self.version));
        shown.insert("created_at".into(), json!(self.created_at));
        shown.insert("updated_at".into(), json!(self.updated_at));
        if self.kind == Kind::Task {
            shown.insert("completed_at".into(), json!(self.completed_at));
        }
        Value::Object(shown)
    }

    /// Takes the times from an answer where they must be new, and checks that all else is as known.
    #[track_caller]
    pub fn learn(&mut self, seen: &Value) {
        if self.fresh {
            let at = seen["updated_at"].as_str().expect("a time").to_owned();
            assert!(at >= self.updated_at, "time runs backwards: {seen}");
            assert!(at.len() == 27 && at.ends_with('Z'), "{at}");
            // One batch may create a row and change it.
            if self.created_at.is_empty() {
                self.created_at.clone_from(&at);
            }
            if self.finished {
                self.completed_at = Some(at.clone());
            }
            self.updated_at = at;
            (self.fresh, self.finished) = (false, false);
        }
        assert_eq!(*seen, self.shown());
    }

    /// The row with `body` merged into it, where that is a change.
    pub fn merged(&self, body: &Value) -> Option<Self> {
        let mut next = self.clone();
        for (name, value) in body.as_object().unwrap() {
            next.content.insert(name.clone(), normal(name, value));
        }
        if next.content == self.content {
            return None;
        }
        let done = |row: &Self| row.content.get("status") == Some(&json!("done"));
        match (done(self), done(&next)) {
            (false, true) => next.finished = true,
            (true, false) => (next.finished, next.completed_at) = (false, None),
            _ => {}
        }
        Some(next.versioned())
    }

    pub fn versioned(mut self) -> Self {
        self.version += 1;
        self.fresh = true;
        self
    }

    /// In the trash.
    pub fn deleted(&self, deletion: Option<(Kind, i64)>) -> Self {
        let mut next = self.clone();
        (next.trashed, next.deletion) = (true, deletion);
        next.versioned()
    }

    /// Out of the trash.
    pub fn restored(&self) -> Self {
        let mut next = self.clone();
        (next.trashed, next.deletion) = (false, None);
        next.versioned()
    }
}

/// A value as the service keeps it.
fn normal(name: &str, value: &Value) -> Value {
    let trimmed = |value: &Value| value.as_str().map(|text| json!(text.trim()));
    match name {
        "due_at" if value.is_string() => {
            let known = super::values::DUES.iter().find(|(sent, _)| value == sent);
            json!(known.expect("a known time").1)
        }
        "labels" => {
            let names = value.as_array().unwrap().iter().filter_map(trimmed);
            let mut names: Vec<String> = names.map(|n| n.as_str().unwrap().to_owned()).collect();
            names.sort_unstable();
            json!(names)
        }
        "blocked_by" => {
            let mut ids: Vec<i64> = serde_json::from_value(value.clone()).unwrap();
            ids.sort_unstable();
            json!(ids)
        }
        "color" => json!(value.as_str().map(str::to_lowercase)),
        _ => trimmed(value).unwrap_or_else(|| value.clone()),
    }
}

impl Memory {
    pub fn live(&self) -> impl Iterator<Item = &Row> {
        self.tasks.iter().filter(|task| !task.trashed)
    }

    pub fn trash(&self) -> impl Iterator<Item = &Row> {
        self.tasks.iter().filter(|task| task.trashed)
    }

    pub fn find(&self, id: i64) -> Option<&Row> {
        self.tasks.iter().find(|task| task.id == id)
    }

    pub fn find_live(&self, id: i64) -> Option<&Row> {
        self.find(id).filter(|task| !task.trashed)
    }

    pub fn rows(&self, kind: Kind) -> &Vec<Row> {
        match kind {
            Kind::Task => &self.tasks,
            Kind::Project => &self.projects,
        }
    }

    pub fn rows_mut(&mut self, kind: Kind) -> &mut Vec<Row> {
        match kind {
            Kind::Task => &mut self.tasks,
            Kind::Project => &mut self.projects,
        }
    }

    /// The row with this id.
    pub fn row_mut(&mut self, kind: Kind, id: i64) -> Option<&mut Row> {
        self.rows_mut(kind).iter_mut().find(|row| row.id == id)
    }

    /// How many tasks have each label.
    pub fn labels(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for name in self.live().flat_map(Row::labels) {
            *counts.entry(name).or_default() += 1;
        }
        counts
    }

    /// A row in its place, provided that its version is as demanded.
    pub fn at(
        &self,
        (kind, id): (Kind, i64),
        trashed: bool,
        holds: &dyn Fn(i64) -> bool,
    ) -> Result<Row, Refusal> {
        let id = self.resolve(id)?;
        let found = self.rows(kind).iter().find(|row| row.id == id);
        let found = found.filter(|row| row.trashed == trashed);
        let row = found.ok_or(Refusal::NotFound)?.clone();
        if holds(row.version) {
            Ok(row)
        } else {
            Err(Refusal::Mismatch(Box::new(row)))
        }
    }

    /// The id of a task that may have a temporary one.
    pub fn resolve(&self, id: i64) -> Result<i64, Refusal> {
        if id > 0 {
            return Ok(id);
        }
        self.names.get(&id).copied().ok_or(Refusal::Conflict)
    }

    /// A row that is not there yet.
    pub fn unborn(&mut self, kind: Kind) -> Row {
        let last = match kind {
            Kind::Task => &mut self.last_id,
            Kind::Project => &mut self.last_project,
        };
        // Where the answer tells none, one that no request names.
        let id = self.told.front().copied().unwrap_or(*last + 1_000);
        Row::new(kind, id)
    }

    /// Takes over rows that were changed or made.
    pub fn put(&mut self, rows: Vec<Row>) -> Result<(), Refusal> {
        let is_task = |row: &&Row| row.kind == Kind::Task && !row.trashed;
        let new: Vec<&Row> = rows.iter().filter(is_task).collect();
        let stays = |other: &&Row| {
            !rows
                .iter()
                .any(|row| (row.kind, row.id) == (other.kind, other.id))
        };
        let mut taken: Vec<&str> = Vec::new();
        let all = self.live().filter(stays).chain(new);
        taken.extend(all.filter_map(|task| task.text("external_id")));
        taken.sort_unstable();
        if taken.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Refusal::Conflict);
        }
        for row in rows {
            if let Some(known) = self.row_mut(row.kind, row.id) {
                *known = row;
                continue;
            }
            match row.kind {
                Kind::Task => self.last_id = row.id,
                Kind::Project => self.last_project = row.id,
            }
            self.told.pop_front();
            self.rows_mut(row.kind).push(row);
        }
        Ok(())
    }

    pub fn purge(
        &mut self,
        (kind, id): (Kind, i64),
        holds: &dyn Fn(i64) -> bool,
    ) -> Result<(), Refusal> {
        self.at((kind, id), true, holds)?;
        self.rows_mut(kind).retain(|row| row.id != id);
        Ok(())
    }

    pub fn empty_trash(&mut self) {
        self.tasks.retain(|task| !task.trashed);
        self.projects.retain(|project| !project.trashed);
    }

    /// Renames a label or, without a new name, takes it away. Returns how many tasks had it.
    pub fn relabel(&mut self, old: &str, new: Option<&str>) -> usize {
        let mut had = 0;
        for task in self.tasks.iter_mut().filter(|task| !task.trashed) {
            let mut names = task.labels();
            if !names.iter().any(|name| name == old) {
                continue;
            }
            had += 1;
            if new == Some(old) {
                continue;
            }
            names.retain(|name| name != old && Some(name.as_str()) != new);
            names.extend(new.map(str::to_owned));
            names.sort_unstable();
            task.content.insert("labels".into(), json!(names));
            *task = task.clone().versioned();
        }
        had
    }
}
