//! What is asked of the service.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    memory::{Kind, Memory, Refusal, Row},
    relations::Next,
    values::FAULTS,
};
use crate::support::client::segment;

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

/// How many bodies of an operation are wrong.
pub fn faults(operation: &Operation) -> usize {
    match operation {
        Operation::Batch { items, .. } => items.iter().filter(|(i, _)| i.fault().is_some()).count(),
        single => usize::from(single.fault().is_some()),
    }
}

/// One operation of a batch; one that is wrong changes nothing.
pub fn run(memory: &mut Memory, item: &Operation, if_version: Option<i64>) -> Result<Row, Refusal> {
    let holds = |version| if_version.is_none_or(|demanded| demanded == version);
    match item {
        wrong if wrong.fault().is_some() => Err(Refusal::NotFound),
        Operation::Create(body, name) => memory.create(body, *name),
        Operation::Update(id, body, options) => memory.update(*id, &holds, body, *options),
        Operation::Delete(id, keep) => memory.delete(*id, &holds, *keep),
        Operation::Restore(id) => memory.restore(*id, &holds),
        Operation::Move(kind, id, next) => memory.place((*kind, *id), &holds, *next),
        other => panic!("no operation of a batch: {other:?}"),
    }
}
