//! Batches.

use serde_json::{Value, json};

use super::{all::reference, tasks, text::id};
use crate::{
    controllers::{
        batch_shapes::{Kind, VERSION_MAX},
        extract::path::ID_MAX,
    },
    models::batch::BATCH_MAX,
    openapi::json::merge,
};

/// Body of a batch.
pub fn request() -> Value {
    json!({
        "description": "Operations, and how they are run.",
        "required": ["operations"],
        "additionalProperties": false,
        "properties": {
            "atomic": {
                "type": "boolean",
                "default": true,
                "description": "Whether one failure rolls everything back.",
            },
            "dry_run": {
                "type": "boolean",
                "default": false,
                "description": "Whether nothing is kept of it.",
            },
            "operations": {
                "type": "array",
                "minItems": 1,
                "maxItems": BATCH_MAX,
                "items": { "oneOf": operations() },
                "description": "In order: each finds what those before it left. With `atomic` false, one that keeps none of these shapes fails alone.",
            },
        },
    })
}

fn operations() -> Vec<Value> {
    let [create, update, delete, restore] = Kind::NAMES;
    vec![
        operation(
            create,
            &["op", "task"],
            json!({ "task": reference("CreateTask") }),
        ),
        operation(
            update,
            &["op", "id", "task"],
            json!({ "id": id(), "if_version": if_version(), "task": reference("UpdateTask") }),
        ),
        operation(
            delete,
            &["op", "id"],
            json!({ "id": id(), "if_version": if_version() }),
        ),
        operation(restore, &["op", "id"], json!({ "id": id() })),
    ]
}

fn operation(name: &str, required: &[&str], members: Value) -> Value {
    let mut properties = json!({ "op": { "type": "string", "enum": [name] } });
    merge(&mut properties, members);
    json!({
        "title": name,
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

fn if_version() -> Value {
    json!({
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "maximum": VERSION_MAX,
        "description": "The version that the task must have, else the operation fails with 412.",
    })
}

/// Answer to a batch.
pub fn results() -> Value {
    json!({
        "description": "What became of each operation, in their order.",
        "required": ["results"],
        "properties": { "results": {
            "type": "array",
            "minItems": 1,
            "maxItems": BATCH_MAX,
            "items": { "oneOf": [
                result("Created, changed or restored", &[200, 201], Some(("task", "Task"))),
                result("Deleted", &[204], None),
                result("Not found, or a conflict", &[404, 409], Some(("problem", "Problem"))),
                result("Another version", &[412], Some(("problem", "VersionMismatchProblem"))),
                result("Not valid", &[422], Some(("problem", "ValidationProblem"))),
            ] },
        } },
        "example": { "results": [
            { "status": 201, "task": tasks::example() },
            { "status": 204 },
        ] },
    })
}

fn result(title: &str, statuses: &[u16], content: Option<(&str, &str)>) -> Value {
    let mut properties = json!({ "status": { "type": "integer", "enum": statuses } });
    let mut required = vec!["status"];
    if let Some((name, shape)) = content {
        merge(&mut properties, json!({ (name): reference(shape) }));
        required.push(name);
    }
    json!({
        "title": title,
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

/// Bodies that could be, by name. The first one works as it stands, for any user.
pub fn examples() -> Value {
    let create = json!({ "op": "create", "task": { "title": "Buy milk", "labels": ["home"] } });
    json!({
        "create": {
            "summary": "Two new tasks, or none",
            "value": { "operations": [
                create,
                { "op": "create", "task": { "title": "Bake a cake", "priority": "high" } },
            ] },
        },
        "every_operation": {
            "summary": "Each on its own, and only to see what would become of it",
            "value": { "atomic": false, "dry_run": true, "operations": [
                create,
                { "op": "update", "id": 7, "if_version": 3, "task": { "status": "done" } },
                { "op": "delete", "id": 8, "if_version": 1 },
                { "op": "restore", "id": ID_MAX },
            ] },
        },
    })
}
