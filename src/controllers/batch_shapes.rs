//! What a batch looks like.

use std::str::FromStr;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    extract::{
        fields::{Fields, FromFields, RawInput},
        path::ID_MAX,
    },
    task_shapes::{CreateTask, TaskShape, UpdateTask},
};
use crate::{
    error::{
        AppError,
        field::{FieldError, Place},
        problem::Problem,
    },
    models::{
        batch::{BATCH_MAX, Done, Operation},
        violation::Violation,
    },
    services::batch::{Mode, Outcomes},
};

/// Body of a batch. Each operation is valid or not by itself.
pub struct BatchRequest {
    pub operations: Vec<Result<Operation, AppError>>,
    pub mode: Mode,
}

impl FromFields for BatchRequest {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let mode = Mode {
            atomic: fields.flag("atomic").unwrap_or(true),
            dry_run: fields.flag("dry_run").unwrap_or(false),
        };
        let items = fields.required_items("operations", (1, BATCH_MAX))?;
        let operations = items.iter().enumerate();
        let operations = operations.map(|(index, item)| {
            let pointer = format!("/operations/{index}");
            operation(item, pointer)
        });
        Some(Self {
            operations: operations.collect(),
            mode,
        })
    }
}

fn operation<V: RawInput>(item: &V, pointer: String) -> Result<Operation, AppError> {
    let members = item.as_members().map_err(|violation| {
        AppError::Validation(vec![FieldError {
            place: Place::Pointer(pointer.clone()),
            code: violation.code,
            detail: violation.detail,
        }])
    })?;
    let mut fields = Fields::members_at(members, pointer);
    match fields.required::<Kind>("op") {
        // What else it may hold depends on what it is.
        None => fields.finish_lenient(None),
        Some(kind) => {
            let operation = kind.read(&mut fields);
            fields.finish(operation)
        }
    }
}

/// Largest version that an operation can demand: like an id, one that every JSON parser keeps exactly.
pub const VERSION_MAX: i64 = ID_MAX;

/// What an operation does.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Create,
    Update,
    Delete,
    Restore,
}

impl Kind {
    /// What clients may write.
    pub const NAMES: [&'static str; 4] = ["create", "update", "delete", "restore"];

    fn read<V: RawInput>(self, fields: &mut Fields<V>) -> Option<Operation> {
        let id = match self {
            Self::Create => None,
            _ => fields.required_number("id", (1, ID_MAX)),
        };
        let if_version = match self {
            Self::Update | Self::Delete => fields.number("if_version", (1, VERSION_MAX)),
            _ => None,
        };
        Some(match self {
            Self::Create => {
                let task: CreateTask = fields.object("task", FromFields::from_fields)?;
                Operation::Create(task.into())
            }
            Self::Update => {
                let task: Option<UpdateTask> = fields.object("task", FromFields::from_fields);
                Operation::Update {
                    id: id?,
                    if_version,
                    patch: task?.into(),
                }
            }
            Self::Delete => Operation::Delete {
                id: id?,
                if_version,
            },
            Self::Restore => Operation::Restore { id: id? },
        })
    }
}

impl FromStr for Kind {
    type Err = Violation;

    fn from_str(name: &str) -> Result<Self, Violation> {
        match name {
            "create" => Ok(Self::Create),
            "update" => Ok(Self::Update),
            "delete" => Ok(Self::Delete),
            "restore" => Ok(Self::Restore),
            other => Err(Violation::choice(other, &Self::NAMES)),
        }
    }
}

/// What became of each operation, in their order.
#[derive(Serialize)]
pub struct BatchResults {
    results: Vec<BatchResult>,
}

/// What became of one operation: a task, a problem, or nothing but the status.
#[derive(Serialize)]
pub struct BatchResult {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Box<RawValue>>,
}

impl BatchResults {
    /// `request_id` stands in the problems. Errors: one of the server is the whole batch's.
    pub fn new(outcomes: Outcomes, request_id: &str) -> Result<Self, AppError> {
        let results = outcomes.into_iter().map(|outcome| match outcome {
            Ok(Done::Created(task)) => Ok(BatchResult::of(201, Some(task.into()))),
            Ok(Done::Changed(task)) => Ok(BatchResult::of(200, Some(task.into()))),
            Ok(Done::Deleted) => Ok(BatchResult::of(204, None)),
            Err(refusal) => BatchResult::refused(refusal.into(), request_id),
        });
        Ok(Self {
            results: results.collect::<Result<_, _>>()?,
        })
    }
}

impl BatchResult {
    fn of(status: u16, task: Option<TaskShape>) -> Self {
        Self {
            status,
            task,
            problem: None,
        }
    }

    fn refused(error: AppError, request_id: &str) -> Result<Self, AppError> {
        let status = error.code().status();
        if status.is_server_error() {
            return Err(error);
        }
        let problem = serde_json::value::to_raw_value(&Problem::of(&error, request_id));
        Ok(Self {
            status: status.as_u16(),
            task: None,
            problem: Some(problem.map_err(AppError::internal)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::extract::json;

    #[test]
    fn a_number_in_bounds_is_taken_however_it_is_written() {
        let takes = |id: &str, if_version: &str| {
            let body = format!(
                r#"{{"operations":[{{"op":"delete","id":{id},"if_version":{if_version}}}]}}"#
            );
            let batch: BatchRequest = json::parse(body.as_bytes()).unwrap();
            batch.operations.iter().all(Result::is_ok)
        };
        for number in [
            "1",
            "1.0",
            "1e0",
            "1e15",
            "9007199254740991",
            "9007199254740991.0",
        ] {
            assert!(takes(number, "1") && takes("1", number), "{number}");
        }
        for number in [
            "0",
            "-1",
            "1.5",
            "9007199254740992",
            "9007199254740992.0",
            "1e18",
            "1e400",
        ] {
            assert!(!takes(number, "1") && !takes("1", number), "{number}");
        }
    }
}
