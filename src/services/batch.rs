//! Several operations at once, and one that has to do with several tasks.

use diesel::{
    Connection,
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::{
    refusal::{Refusal, refused},
    work::unit::Work,
};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        batch::{Done, Operation},
        time::UtcTime,
    },
    repositories::users,
};

/// What became of each operation, in their order.
pub type Outcomes = Vec<Result<Done, Refusal>>;

/// How a batch is run.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    /// One failure undoes all.
    pub atomic: bool,
    /// Nothing stays of it.
    pub dry_run: bool,
}

/// Why a batch has no results.
#[derive(Debug)]
pub enum Failure {
    /// The operation at `index` of an atomic batch was refused, and with it the batch.
    Refused { index: usize, refusal: Refusal },
    /// The batch could not be run.
    Failed(AppError),
}

/// Why a transaction ends without a trace.
enum Undo {
    DryRun(Outcomes),
    Failed(Failure),
    /// Another writer took an external id between the look and the write: once more.
    Raced,
}

impl From<AppError> for Undo {
    fn from(error: AppError) -> Self {
        Self::Failed(Failure::Failed(error))
    }
}

impl From<DieselError> for Undo {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Raced,
            other => Self::Failed(Failure::Failed(refused(other, None))),
        }
    }
}

/// Runs one operation. Errors: its refusal; `InvalidToken` where the user is gone.
pub fn run_one(
    conn: &mut DbConn,
    user_id: i64,
    operation: Operation,
    now: UtcTime,
) -> Result<Done, Refusal> {
    let mode = Mode {
        atomic: true,
        dry_run: false,
    };
    match run(conn, user_id, vec![Ok(operation)], mode, now) {
        Ok(mut outcomes) => outcomes.pop().unwrap_or(Err(AppError::NotFound.into())),
        Err(Failure::Refused { refusal, .. }) => Err(refusal),
        Err(Failure::Failed(error)) => Err(error.into()),
    }
}

/// Runs the operations, of which some may have failed already. Each failure is its operation's own,
/// but in an atomic batch the first one is the answer.
pub fn run(
    conn: &mut DbConn,
    user_id: i64,
    operations: Vec<Result<Operation, AppError>>,
    mode: Mode,
    now: UtcTime,
) -> Result<Outcomes, Failure> {
    let mut refused: Vec<(usize, AppError)> = Vec::new();
    let mut valid: Vec<(usize, Operation)> = Vec::new();
    for (index, operation) in operations.into_iter().enumerate() {
        match operation {
            Ok(operation) => valid.push((index, operation)),
            Err(error) if mode.atomic => {
                let refusal = error.into();
                return Err(Failure::Refused { index, refusal });
            }
            Err(error) => refused.push((index, error)),
        }
    }
    let mut outcomes = loop {
        let outcome = conn.transaction(|conn| {
            let outcomes = attempt(conn, user_id, &valid, mode.atomic, now)?;
            if mode.dry_run {
                Err(Undo::DryRun(outcomes))
            } else {
                Ok(outcomes)
            }
        });
        match outcome {
            Ok(outcomes) | Err(Undo::DryRun(outcomes)) => break outcomes,
            Err(Undo::Failed(failure)) => return Err(failure),
            Err(Undo::Raced) => {}
        }
    };
    // In order of index, so that each comes to stand at its own.
    for (index, error) in refused {
        outcomes.insert(index, Err(error.into()));
    }
    Ok(outcomes)
}

fn attempt(
    conn: &mut DbConn,
    user_id: i64,
    operations: &[(usize, Operation)],
    atomic: bool,
    now: UtcTime,
) -> Result<Outcomes, Undo> {
    users::lock(conn, user_id)?.ok_or(AppError::REVOKED)?;
    let all: Vec<&Operation> = operations.iter().map(|(_, operation)| operation).collect();
    let mut work = Work::load(conn, user_id, &all, now)?;
    let mut outcomes = Outcomes::with_capacity(operations.len());
    for (index, operation) in operations {
        let outcome = work.apply(conn, operation);
        match outcome {
            Err(refusal) if atomic => {
                let (index, refusal) = (*index, without_new(refusal, &work));
                return Err(Undo::Failed(Failure::Refused { index, refusal }));
            }
            outcome => outcomes.push(outcome),
        }
    }
    work.write(conn)?;
    Ok(outcomes)
}

/// The refusal of an atomic batch names no task that goes with it.
fn without_new(refusal: Refusal, work: &Work) -> Refusal {
    match refusal {
        Refusal::Failed(AppError::ExternalIdTaken {
            external_id,
            holder: Some(holder),
        }) if work.is_new(holder) => Refusal::Failed(AppError::ExternalIdTaken {
            external_id,
            holder: None,
        }),
        other => other,
    }
}
