//! The operations of a batch, as clients send them.

use std::{borrow::Cow, mem};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json, json};

use super::{
    extract::{
        fields::{Fields, FromFields, RawInput},
        request::request,
        values::{Value, items, whole_number},
    },
    task_requests::{CreateTaskInBatch, UpdateTaskInBatch, destination, update_options},
};
use crate::{
    error::AppError,
    models::{
        batch::{BATCH_MAX, DeletedBelow, Destination, Operation, Subject, UpdatedSubtasks},
        id::Id,
        precondition::Expected,
        task::TaskPatch,
        task_ref::{TaskRef, TemporaryId},
        value::names,
        violation::Violation,
    },
};

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
        subtasks: DeletedBelow = DeletedBelow::default(),
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
    not {
        "anyOf": [
            { "required": ["before", "after"], "properties": { "before": {}, "after": {} } },
            { "not": { "anyOf": [
                { "required": ["before"], "properties": { "before": {} } },
                { "required": ["after"], "properties": { "after": {} } },
            ] } },
        ],
    }
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
pub fn define(name: &str, schema: Schema, generator: &mut SchemaGenerator) -> String {
    generator
        .definitions_mut()
        .insert(name.to_owned(), schema.into());
    format!("#/components/schemas/{name}")
}
