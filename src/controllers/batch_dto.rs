//! What a batch looks like.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Value as Json, json, value::RawValue};

use super::{
    batch_operations::{Operations, define},
    describe::one_of,
    extract::request::request,
    respond::Resource,
    task_dto::{self, TaskResponse},
};
use crate::{
    error::{AppError, problem::Problem},
    models::{
        batch::{BATCH_MAX, Done},
        id::Id,
    },
    services::batch::Outcomes,
};

request! {
    /// Operations, and how they are run.
    pub struct BatchRequest as "BatchRequest" {
        /// Whether one failure rolls everything back.
        pub atomic: bool = true,
        /// Whether nothing is kept of it.
        pub dry_run: bool = false,
        /// In order: each finds what those before it left. With `atomic` false, one that matches none of
        /// these schemas fails alone.
        pub operations: Operations,
    }
    examples {
        "create": {
            "summary": "Two new tasks, or none",
            "value": { "operations": [
                { "op": "create", "task": { "title": "Buy milk", "labels": ["home"] } },
                { "op": "create", "task": { "title": "Bake a cake", "priority": "high" } },
            ] },
        },
        "every_operation": {
            "summary": "Each on its own, and only to see what would become of it",
            "value": { "atomic": false, "dry_run": true, "operations": [
                { "op": "create", "task": { "title": "Buy milk", "labels": ["home"] } },
                { "op": "update", "id": 7, "if_version": 3, "task": { "status": "done" } },
                { "op": "delete", "id": 8, "if_version": 1 },
                { "op": "restore", "id": Id::MAX },
                { "op": "move", "id": 7, "after": 9 },
            ] },
        },
        "tree": {
            "summary": "A task with subtasks, the second of which waits for the first",
            "value": { "operations": [
                { "op": "create", "id": -1, "task": { "title": "Move house" } },
                { "op": "create", "id": -2, "task": { "title": "Pack", "parent_id": -1 } },
                { "op": "create", "task": { "title": "Clean up", "parent_id": -1, "blocked_by": [-2] } },
            ] },
        },
    }
}

/// The statuses of an operation that failed.
pub const FAILURES: [u16; 4] = [404, 409, 412, 422];

/// What became of each operation, in their order.
#[derive(Serialize)]
pub struct BatchResponse {
    results: Vec<BatchResult>,
}

/// What became of one operation: a task, a problem, or nothing but the status.
#[derive(Serialize)]
pub struct BatchResult {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Box<RawValue>>,
}

impl Resource for BatchResponse {}

impl BatchResponse {
    /// `request_id` and `page`, the address of [`problem::PAGE`](crate::error::problem::PAGE), stand in the problems.
    /// Errors: one of the server is the whole batch's.
    pub fn new(outcomes: Outcomes, request_id: &str, page: &str) -> Result<Self, AppError> {
        let results = outcomes.into_iter().map(|outcome| match outcome {
            Ok(Done::Created(task)) => Ok(BatchResult::of(201, Some(task.into()))),
            Ok(Done::Changed(task)) => Ok(BatchResult::of(200, Some(task.into()))),
            Ok(Done::Deleted) => Ok(BatchResult::of(204, None)),
            Err(refusal) => BatchResult::refused(refusal.into(), request_id, page),
        });
        Ok(Self {
            results: results.collect::<Result<_, _>>()?,
        })
    }
}

impl BatchResult {
    fn of(status: u16, task: Option<TaskResponse>) -> Self {
        Self {
            status,
            task,
            problem: None,
        }
    }

    fn refused(error: AppError, request_id: &str, page: &str) -> Result<Self, AppError> {
        let status = error.code().status();
        if status.is_server_error() {
            return Err(error);
        }
        let problem = serde_json::value::to_raw_value(&Problem::of(&error, request_id, page));
        Ok(Self {
            status: status.as_u16(),
            task: None,
            problem: Some(problem.map_err(AppError::internal)?),
        })
    }
}

impl JsonSchema for BatchResponse {
    fn schema_name() -> Cow<'static, str> {
        "BatchResults".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "What became of each operation, in their order.",
            "required": ["results"],
            "properties": { "results": {
                "type": "array",
                "minItems": 1,
                "maxItems": BATCH_MAX,
                "items": generator.subschema_for::<BatchResult>(),
            } },
            "example": { "results": [
                { "status": 201, "task": task_dto::example() },
                { "status": 204 },
            ] },
        })
    }
}

/// Generators take the first alternative whose members are all there, so that the one with the fewest comes last.
impl JsonSchema for BatchResult {
    fn schema_name() -> Cow<'static, str> {
        "BatchResult".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let task = generator.subschema_for::<TaskResponse>().into();
        let problem = json!({ "$ref": "#/components/schemas/OperationProblem" });
        let results = [
            (
                "TaskResult",
                "Created, changed, restored or moved.",
                &[200, 201][..],
                Some(("task", task)),
            ),
            (
                "ProblemResult",
                "It failed.",
                &FAILURES,
                Some(("problem", problem)),
            ),
            ("PlainResult", "Deleted.", &[204], None),
        ];
        let names = results.map(|(name, description, statuses, content)| {
            define(name, result(description, statuses, content), generator);
            name
        });
        let description = "What became of one operation.";
        one_of(description, ("status", "integer"), &names)
    }
}

fn result(description: &str, statuses: &[u16], content: Option<(&str, Json)>) -> Schema {
    let mut schema = json_schema!({
        "type": "object",
        "description": description,
        "required": ["status"],
        "properties": { "status": { "type": "integer", "enum": statuses } },
        "additionalProperties": false,
    });
    if let Some((name, value)) = content {
        if let Some(Json::Object(properties)) = schema.get_mut("properties") {
            properties.insert(name.to_owned(), value);
        }
        if let Some(Json::Array(required)) = schema.get_mut("required") {
            required.push(name.into());
        }
    }
    schema
}
