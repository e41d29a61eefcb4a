//! What a batch looks like.

use std::{borrow::Cow, mem};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value as Json, json, value::RawValue};

use super::{
    describe::one_of,
    extract::{
        fields::{Fields, FromFields, RawInput},
        request::request,
        values::{Value, items, whole_number},
    },
    respond::Resource,
    task_dto::{self, TaskResponse},
    task_requests::{CreateTaskInBatch, UpdateTaskInBatch, destination, update_options},
};
use crate::{
    error::{AppError, problem::Problem},
    models::{
        batch::{
            BATCH_MAX, DeletedSubtasks, Destination, Done, Operation, Subject, UpdatedSubtasks,
        },
        id::Id,
        precondition::Expected,
        task::TaskPatch,
        task_ref::{TaskRef, TemporaryId},
        value::names,
        violation::Violation,
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

/// 1 to [`BATCH_MAX`] operations, each of which is valid or not by itself.
#[derive(Debug)]
pub struct Operations(pub Vec<Result<Operation, AppError>>);

names! {
    /// What an operation does.
    pub enum OperationKind {
        Create = "create",
        Update = "update",
        Delete = "delete",
        Restore = "restore",
        Move = "move",
    }
}

request! {
    /// Makes a task.
    struct CreateOperation as "CreateOperation" {
        /// By which later operations name the task, wherever they name a task; each at most once.
        id: Option<TemporaryId>,
        task: CreateTaskInBatch,
    }
}

request! {
    /// Changes a task.
    struct UpdateOperation as "UpdateOperation" {
        id: TaskRef,
        /// The version that the task must have, else the operation fails with 412.
        if_version: Option<Id>,
        /// Whether a task that others block may become done.
        force: bool = false,
        /// `close`: every open task below gets the `status` of `task`, which must be `done` or `cancelled`.
        subtasks: UpdatedSubtasks = UpdatedSubtasks::default(),
        task: UpdateTaskInBatch,
    }
}

request! {
    /// Moves a task to the trash.
    struct DeleteOperation as "DeleteOperation" {
        id: TaskRef,
        /// The version that the task must have, else the operation fails with 412.
        if_version: Option<Id>,
        /// `trash`: all below the task goes to the trash too; `keep`: its subtasks become its parent's.
        subtasks: DeletedSubtasks = DeletedSubtasks::default(),
    }
}

request! {
    /// Moves a task out of the trash.
    struct RestoreOperation as "RestoreOperation" {
        id: TaskRef,
    }
}

request! {
    /// Moves a task in the order by hand, right before or right after another one.
    struct MoveOperation as "MoveOperation" {
        id: TaskRef,
        /// The version that the task must have, else the operation fails with 412.
        if_version: Option<Id>,
        before: Option<TaskRef>,
        after: Option<TaskRef>,
    }
    oneOf [{ "required": ["before"] }, { "required": ["after"] }]
}

impl Value for Operations {
    fn read<V: RawInput>(fields: &mut Fields<V>, name: &str, value: &V) -> Option<Self> {
        let items = fields.keep(name, items(value, 1, BATCH_MAX))?;
        let mut names = Vec::new();
        let items = items.iter().enumerate();
        let operations = items
            .map(|(index, item)| operation(fields, &format!("{name}/{index}"), item, &mut names));
        Some(Self(operations.collect()))
    }
}

/// Reads an operation; `names` are the temporary ids of those before it, valid or not.
fn operation<V: RawInput>(
    batch: &Fields<V>,
    name: &str,
    item: &V,
    names: &mut Vec<i64>,
) -> Result<Operation, AppError> {
    let members = item
        .as_members()
        .map_err(|violation| batch.invalid(name, violation))?;
    let given = temporary_id(&members);
    let mut fields = batch.inner(name, members);
    let read = match fields.required::<OperationKind>("op") {
        // The other members depend on what it does.
        None => fields.finish_lenient(None),
        Some(kind) => {
            let operation = read(kind, &mut fields);
            if let Some(operation) = &operation {
                check_names(&mut fields, operation, names);
            }
            fields.finish(operation)
        }
    };
    names.extend(given);
    read
}

/// The temporary id of an operation, even if all else is wrong with it.
fn temporary_id<V: RawInput>(members: &[(String, V)]) -> Option<i64> {
    let (_, id) = members.iter().find(|(name, _)| name == "id")?;
    whole_number(id.as_literal()).filter(|id| TemporaryId::new(*id).is_some())
}

/// Keeps a fault for each temporary id that no operation before has, or that another one has already.
fn check_names<V: RawInput>(fields: &mut Fields<V>, operation: &Operation, names: &[i64]) {
    if let Operation::Create {
        temporary_id: Some(id),
        ..
    } = operation
        && names.contains(id)
    {
        fields.refuse("id", Violation::new("duplicate", "is a duplicate"));
    }
    let mut check = |name: &str, id: i64| {
        if id < 0 && !names.contains(&id) {
            let detail = "must be the temporary id of an earlier create";
            fields.refuse(name, Violation::new("choice", detail));
        }
    };
    if let Some(subject) = operation.subject() {
        check("id", subject.id);
    }
    if let Some(parent) = operation.parent() {
        check("task/parent_id", parent);
    }
    for (number, id) in operation.blockers().iter().enumerate() {
        check(&format!("task/blocked_by/{number}"), *id);
    }
    if let Operation::Move { destination, .. } = operation {
        let name = match destination {
            Destination::Before(_) => "before",
            Destination::After(_) => "after",
        };
        check(name, destination.anchor());
    }
}

fn read<V: RawInput>(kind: OperationKind, fields: &mut Fields<V>) -> Option<Operation> {
    Some(match kind {
        OperationKind::Create => {
            let create = CreateOperation::from_fields(fields)?;
            Operation::Create {
                temporary_id: create.id.map(TemporaryId::get),
                draft: create.task.into(),
            }
        }
        OperationKind::Update => {
            let update = UpdateOperation::from_fields(fields)?;
            let patch = TaskPatch::from(update.task);
            let options = update_options(update.force, update.subtasks, &patch);
            Operation::Update {
                subject: subject(update.id, update.if_version),
                options: fields.keep("subtasks", options)?,
                patch,
            }
        }
        OperationKind::Delete => {
            let delete = DeleteOperation::from_fields(fields)?;
            Operation::Delete {
                subject: subject(delete.id, delete.if_version),
                subtasks: delete.subtasks,
            }
        }
        OperationKind::Restore => {
            let restore = RestoreOperation::from_fields(fields)?;
            let subject = subject(restore.id, None);
            Operation::Restore { subject }
        }
        OperationKind::Move => {
            let moved = MoveOperation::from_fields(fields)?;
            let ids = (
                moved.before.map(TaskRef::get),
                moved.after.map(TaskRef::get),
            );
            let destination = destination(ids);
            let destination = destination.map_err(|(name, fault)| fields.refuse(name, fault));
            Operation::Move {
                subject: subject(moved.id, moved.if_version),
                destination: destination.ok()?,
            }
        }
    })
}

fn subject(id: TaskRef, if_version: Option<Id>) -> Subject {
    Subject {
        id: id.get(),
        expected: Expected::Version(if_version.map(Id::get)),
    }
}

impl JsonSchema for Operations {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Operations".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "minItems": 1,
            "maxItems": BATCH_MAX,
            "items": generator.subschema_for::<AnyOperation>(),
        })
    }
}

/// The schema of one operation.
struct AnyOperation;

impl JsonSchema for AnyOperation {
    fn schema_name() -> Cow<'static, str> {
        "BatchOperation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds = [
            (
                OperationKind::Create,
                named::<CreateOperation>(OperationKind::Create, generator),
            ),
            (
                OperationKind::Update,
                named::<UpdateOperation>(OperationKind::Update, generator),
            ),
            (
                OperationKind::Delete,
                named::<DeleteOperation>(OperationKind::Delete, generator),
            ),
            (
                OperationKind::Restore,
                named::<RestoreOperation>(OperationKind::Restore, generator),
            ),
            (
                OperationKind::Move,
                named::<MoveOperation>(OperationKind::Move, generator),
            ),
        ];
        let references = kinds.iter().map(|(_, name)| json!({ "$ref": name }));
        let mapping = kinds
            .iter()
            .map(|(kind, name)| (kind.as_str().to_owned(), json!(name)));
        json_schema!({
            "description": "One operation; `op` says which.",
            "oneOf": references.collect::<Vec<_>>(),
            "discriminator": { "propertyName": "op", "mapping": mapping.collect::<Map<_, _>>() },
        })
    }
}

/// A reference to the schema of `T` with the member that says what the operation does.
fn named<T: JsonSchema>(kind: OperationKind, generator: &mut SchemaGenerator) -> String {
    let mut schema = T::json_schema(generator);
    let op = json!({ "type": "string", "enum": [kind] });
    if let Some(Json::Object(properties)) = schema.get_mut("properties") {
        let members = mem::take(properties);
        properties.insert("op".to_owned(), op);
        properties.extend(members);
    }
    if let Some(Json::Array(required)) = schema.get_mut("required") {
        required.insert(0, "op".into());
    }
    define(&T::schema_name(), schema, generator)
}

/// Makes `schema` one of the document's and returns the reference to it.
fn define(name: &str, schema: Schema, generator: &mut SchemaGenerator) -> String {
    generator
        .definitions_mut()
        .insert(name.to_owned(), schema.into());
    format!("#/components/schemas/{name}")
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
