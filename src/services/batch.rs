//! Several operations at once.
//!
//! The tasks that they are about are read in one statement, the operations are worked out on them in
//! memory, in order, and what has changed is written in one statement, and what is new in another.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{
    Connection,
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::refusal::{Refusal, external_id_taken, refused};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        batch::{Done, Operation},
        precondition::Unmet,
        task::{Change, NewTask, Task, TaskState},
        time::UtcTime,
    },
    repositories::{tasks, users},
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
            other => Self::Failed(Failure::Failed(refused(other))),
        }
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
    users::lock(conn, user_id)?.ok_or(AppError::InvalidToken)?;
    let mut work = Work::load(conn, user_id, operations, now)?;
    let mut planned = Vec::with_capacity(operations.len());
    for (index, operation) in operations {
        match work.apply(operation) {
            Err(refusal) if atomic => {
                let index = *index;
                return Err(Undo::Failed(Failure::Refused { index, refusal }));
            }
            plan => planned.push(plan),
        }
    }
    let mut created = work.write(conn)?.into_iter();
    let outcomes = operations.iter().zip(planned).map(|((index, _), plan)| {
        if let Some(done) = plan.transpose() {
            return Ok(done);
        }
        match created.next().flatten() {
            Some(task) => Ok(Ok(Done::Created(task))),
            None if atomic => {
                let (index, refusal) = (*index, external_id_taken().into());
                Err(Undo::Failed(Failure::Refused { index, refusal }))
            }
            None => Ok(Err(external_id_taken().into())),
        }
    });
    outcomes.collect()
}

/// The tasks that a batch is about, while it is worked out.
struct Work {
    user_id: i64,
    now: UtcTime,
    /// As they are in the database, by id.
    before: BTreeMap<i64, Task>,
    /// As they are after the operations so far.
    after: BTreeMap<i64, Task>,
    created: Vec<NewTask>,
    /// External ids in use outside the trash, as far as the batch is about them.
    taken: BTreeSet<String>,
}

impl Work {
    fn load(
        conn: &mut DbConn,
        user_id: i64,
        operations: &[(usize, Operation)],
        now: UtcTime,
    ) -> Result<Self, DieselError> {
        let ids: BTreeSet<i64> = operations.iter().filter_map(|(_, o)| id_of(o)).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let found = if ids.is_empty() {
            Vec::new()
        } else {
            tasks::lock(conn, user_id, &ids)?
        };
        let named = operations.iter().filter_map(|(_, o)| external_id_of(o));
        let external_ids: BTreeSet<String> = named
            .chain(found.iter().filter_map(|task| task.external_id.clone()))
            .collect();
        let external_ids: Vec<String> = external_ids.into_iter().collect();
        let taken = if external_ids.is_empty() {
            Vec::new()
        } else {
            tasks::used_external_ids(conn, user_id, &external_ids)?
        };
        let before: BTreeMap<i64, Task> = found.into_iter().map(|task| (task.id, task)).collect();
        Ok(Self {
            user_id,
            now,
            after: before.clone(),
            before,
            created: Vec::new(),
            taken: taken.into_iter().collect(),
        })
    }

    /// What becomes of the operation once all is written; `None`: a task is created, the next of them.
    fn apply(&mut self, operation: &Operation) -> Result<Option<Done>, Refusal> {
        let done = match operation {
            Operation::Create(draft) => {
                let task = draft.clone().into_new(self.user_id, self.now);
                self.claim(None, task.external_id.as_ref())?;
                self.created.push(task);
                return Ok(None);
            }
            Operation::Update {
                id,
                if_version,
                patch,
            } => {
                let current = self.find(*id, TaskState::Live, *if_version)?;
                let next = current.patched(patch, self.now);
                Done::Changed(self.change(&current, next)?)
            }
            Operation::Delete { id, if_version } => {
                let current = self.find(*id, TaskState::Live, *if_version)?;
                self.change(&current, Some(current.trashed(self.now)))?;
                Done::Deleted
            }
            Operation::Restore { id } => {
                let current = self.find(*id, TaskState::Trashed, None)?;
                let next = current.restored(self.now);
                Done::Changed(self.change(&current, Some(next))?)
            }
        };
        Ok(Some(done))
    }

    fn find(&self, id: i64, state: TaskState, version: Option<i64>) -> Result<Task, Refusal> {
        let found = self.after.get(&id).cloned();
        let current = found
            .filter(|task| task.state() == state)
            .ok_or(AppError::NotFound)?;
        if version.is_none_or(|version| version == current.version) {
            Ok(current)
        } else {
            Err(Refusal::Mismatch(Box::new(current), Unmet::IfMatch))
        }
    }

    fn change(&mut self, current: &Task, next: Option<Task>) -> Result<Task, Refusal> {
        let Some(next) = next else {
            return Ok(current.clone());
        };
        let (given_up, claimed) = (in_use(current).cloned(), in_use(&next).cloned());
        self.claim(given_up.as_ref(), claimed.as_ref())?;
        self.after.insert(next.id, next.clone());
        Ok(next)
    }

    /// Gives one external id up and takes another.
    fn claim(
        &mut self,
        given_up: Option<&String>,
        claimed: Option<&String>,
    ) -> Result<(), AppError> {
        if given_up == claimed {
            return Ok(());
        }
        if claimed.is_some_and(|claimed| self.taken.contains(claimed)) {
            return Err(external_id_taken());
        }
        if let Some(given_up) = given_up {
            self.taken.remove(given_up);
        }
        self.taken.extend(claimed.cloned());
        Ok(())
    }

    /// Returns the created tasks, in order; `None` for one whose external id was taken meanwhile.
    fn write(&self, conn: &mut DbConn) -> Result<Vec<Option<Task>>, Undo> {
        let changed: Vec<Change<'_>> = self
            .before
            .values()
            .zip(self.after.values())
            .filter(|(before, after)| before != after)
            .map(|(before, after)| Change { before, after })
            .collect();
        // An engine checks a key row by row: before external ids change hands, all are given up.
        let given_up = given_up(&changed);
        if !given_up.is_empty() {
            tasks::clear_external_ids(conn, self.user_id, &given_up)?;
        }
        if !changed.is_empty() && tasks::save_all(conn, &changed)? != changed.len() {
            return Err(AppError::internal("a locked task was not written").into());
        }
        if self.created.is_empty() {
            return Ok(Vec::new());
        }
        Ok(tasks::insert_all(conn, &self.created)?)
    }
}

fn id_of(operation: &Operation) -> Option<i64> {
    match operation {
        Operation::Create(_) => None,
        Operation::Update { id, .. } | Operation::Delete { id, .. } | Operation::Restore { id } => {
            Some(*id)
        }
    }
}

fn external_id_of(operation: &Operation) -> Option<String> {
    let external_id = match operation {
        Operation::Create(draft) => draft.external_id.clone(),
        Operation::Update { patch, .. } => patch.external_id.clone().flatten(),
        Operation::Delete { .. } | Operation::Restore { .. } => None,
    };
    external_id.map(|id| id.as_str().to_owned())
}

/// The task's external id, which is free for others while it is in the trash.
fn in_use(task: &Task) -> Option<&String> {
    task.external_id
        .as_ref()
        .filter(|_| task.state() == TaskState::Live)
}

/// The tasks whose external ids others get in the same batch.
fn given_up(changes: &[Change<'_>]) -> Vec<i64> {
    let moved = || {
        let moves = |c: &&Change<'_>| in_use(c.before) != in_use(c.after);
        changes.iter().filter(moves)
    };
    let claimed: BTreeSet<&String> = moved().filter_map(|c| in_use(c.after)).collect();
    moved()
        .filter(|c| in_use(c.before).is_some_and(|id| claimed.contains(id)))
        .map(|c| c.before.id)
        .collect()
}
