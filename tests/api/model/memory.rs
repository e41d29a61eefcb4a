//! What the service must know, kept in the simplest way.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A task; times are facts that the answers teach, within the rules.
#[derive(Debug, Clone)]
pub struct Task {
    /// 0 until an answer tells it.
    pub id: i64,
    pub content: Map<String, Value>,
    pub version: i64,
    pub created_at: String,
    pub updated_at: String,
    pub completed_at: Option<String>,
    pub trashed: bool,
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
    Mismatch(Box<Task>),
}

#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub tasks: Vec<Task>,
    /// The largest that was ever given out.
    pub last_id: i64,
}

impl Task {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.content[name].as_str()
    }

    pub fn labels(&self) -> Vec<String> {
        serde_json::from_value(self.content["labels"].clone()).unwrap()
    }

    fn shown(&self) -> Value {
        let mut shown = self.content.clone();
        shown.insert("id".into(), json!(self.id));
        shown.insert("version".into(), json!(self.version));
        shown.insert("created_at".into(), json!(self.created_at));
        shown.insert("updated_at".into(), json!(self.updated_at));
        shown.insert("completed_at".into(), json!(self.completed_at));
        Value::Object(shown)
    }

    /// Takes the times from an answer where they must be new, and checks that all else is as known.
    #[track_caller]
    pub fn learn(&mut self, seen: &Value) {
        if self.id == 0 {
            self.id = seen["id"].as_i64().expect("an id");
        }
        if self.fresh {
            let at = seen["updated_at"].as_str().expect("a time").to_owned();
            assert!(at >= self.updated_at, "time runs backwards: {seen}");
            assert!(at.len() == 27 && at.ends_with('Z'), "{at}");
            if self.version == 1 {
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

    /// The task with `body` merged into it, where that is a change.
    fn merged(&self, body: &Value) -> Option<Self> {
        let mut next = self.clone();
        for (name, value) in body.as_object().unwrap() {
            next.content.insert(name.clone(), normal(name, value));
        }
        if next.content == self.content {
            return None;
        }
        let done = |task: &Self| task.content["status"] == "done";
        match (done(self), done(&next)) {
            (false, true) => next.finished = true,
            (true, false) => (next.finished, next.completed_at) = (false, None),
            _ => {}
        }
        Some(next.versioned())
    }

    fn versioned(mut self) -> Self {
        self.version += 1;
        self.fresh = true;
        self
    }
}

/// A value as the service keeps it.
fn normal(name: &str, value: &Value) -> Value {
    let trimmed = |value: &Value| value.as_str().map(|text| json!(text.trim()));
    match name {
        "due_at" if value.is_string() => {
            let known = super::operations::DUES
                .iter()
                .find(|(sent, _)| value == sent);
            json!(known.expect("a known time").1)
        }
        "labels" => {
            let names = value.as_array().unwrap().iter().filter_map(trimmed);
            let mut names: Vec<String> = names.map(|n| n.as_str().unwrap().to_owned()).collect();
            names.sort_unstable();
            json!(names)
        }
        _ => trimmed(value).unwrap_or_else(|| value.clone()),
    }
}

impl Memory {
    pub fn live(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| !task.trashed)
    }

    pub fn trash(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.trashed)
    }

    pub fn find(&self, id: i64) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    pub fn find_mut(&mut self, id: i64) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|task| task.id == id)
    }

    /// How many tasks have each label.
    pub fn labels(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for name in self.live().flat_map(Task::labels) {
            *counts.entry(name).or_default() += 1;
        }
        counts
    }

    /// The task at `place`, provided that its version is as demanded.
    fn at(&self, id: i64, trashed: bool, holds: &dyn Fn(i64) -> bool) -> Result<Task, Refusal> {
        let found = self.find(id).filter(|task| task.trashed == trashed);
        let task = found.ok_or(Refusal::NotFound)?.clone();
        if holds(task.version) {
            Ok(task)
        } else {
            Err(Refusal::Mismatch(Box::new(task)))
        }
    }

    fn put(&mut self, next: Task) -> Result<Task, Refusal> {
        let external_id = next.text("external_id");
        let clash = |other: &Task| {
            other.id != next.id && external_id.is_some() && other.text("external_id") == external_id
        };
        if !next.trashed && self.live().any(clash) {
            return Err(Refusal::Conflict);
        }
        match self.find_mut(next.id).filter(|_| next.id != 0) {
            Some(known) => *known = next.clone(),
            None => self.tasks.push(next.clone()),
        }
        Ok(next)
    }

    pub fn create(&mut self, body: &Value) -> Result<Task, Refusal> {
        let content = json!({
            "title": "", "description": null, "status": "todo", "priority": "medium",
            "due_at": null, "labels": [], "external_id": null,
        });
        let empty = Task {
            id: 0,
            content: content.as_object().unwrap().clone(),
            version: 0,
            created_at: String::new(),
            updated_at: String::new(),
            completed_at: None,
            trashed: false,
            fresh: false,
            finished: false,
        };
        let new = empty.merged(body).expect("a title");
        // Several new ones of one batch have no id yet.
        let external_id = new.text("external_id");
        let clash =
            |other: &Task| external_id.is_some() && other.text("external_id") == external_id;
        if self.live().any(clash) {
            return Err(Refusal::Conflict);
        }
        self.tasks.push(new.clone());
        Ok(new)
    }

    pub fn update(
        &mut self,
        id: i64,
        holds: &dyn Fn(i64) -> bool,
        body: &Value,
    ) -> Result<Task, Refusal> {
        let current = self.at(id, false, holds)?;
        match current.merged(body) {
            None => Ok(current),
            Some(next) => self.put(next),
        }
    }

    pub fn delete(&mut self, id: i64, holds: &dyn Fn(i64) -> bool) -> Result<Task, Refusal> {
        let mut task = self.at(id, false, holds)?;
        task.trashed = true;
        self.put(task.versioned())
    }

    pub fn restore(&mut self, id: i64) -> Result<Task, Refusal> {
        let mut task = self.at(id, true, &|_| true)?;
        task.trashed = false;
        self.put(task.versioned())
    }

    pub fn purge(&mut self, id: i64, holds: &dyn Fn(i64) -> bool) -> Result<(), Refusal> {
        self.at(id, true, holds)?;
        self.tasks.retain(|task| task.id != id);
        Ok(())
    }

    pub fn empty_trash(&mut self) {
        self.tasks.retain(|task| !task.trashed);
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
