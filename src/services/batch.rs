//! Several operations at once.
//!
//! The tasks that they are about are read in one statement, the operations are worked out on them in
//! memory, in order, and what has changed is written in one statement, and what is new in another.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{
    Connection,
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::refusal::{Refusal, refused, taken};
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
            other => Self::Failed(Failure::Failed(refused(other, None))),
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
    users::lock(conn, user_id)?.ok_or(AppError::REVOKED)?;
    let mut work = Work::load(conn, user_id, operations, now)?;
    let planned = operations.iter();
    let planned = planned.map(|(index, operation)| (*index, work.apply(operation)));
    let planned = settle(planned, atomic)?;
    let mut created = work.write(conn)?.into_iter();
    let outcomes = operations
        .iter()
        .zip(planned)
        .map(|((_, operation), plan)| {
            plan.transpose()
                .unwrap_or_else(|| match created.next().flatten() {
                    Some(task) => Ok(Done::Created(task)),
                    None => {
                        let external_id = external_id_of(operation).unwrap_or_default();
                        Err(taken(&external_id).into())
                    }
                })
        });
    let mut outcomes: Outcomes = outcomes.collect();
    name_holders(conn, user_id, &mut outcomes)?;
    let indexes = operations.iter().map(|(index, _)| *index);
    settle(indexes.zip(outcomes), atomic)
}

/// The results without their indexes. Errors: the first refusal, where the batch is atomic.
fn settle<T>(
    results: impl Iterator<Item = (usize, Result<T, Refusal>)>,
    atomic: bool,
) -> Result<Vec<Result<T, Refusal>>, Undo> {
    let settled = results.map(|(index, result)| match result {
        Err(refusal) if atomic => Err(Undo::Failed(Failure::Refused { index, refusal })),
        result => Ok(result),
    });
    settled.collect()
}

/// Completes refusals for an external id that another writer has taken meanwhile, or an operation of the same batch.
fn name_holders(
    conn: &mut DbConn,
    user_id: i64,
    outcomes: &mut Outcomes,
) -> Result<(), DieselError> {
    let mut unknown: Vec<(&String, &mut Option<i64>)> = Vec::new();
    for outcome in outcomes {
        if let Err(Refusal::Failed(AppError::ExternalIdTaken {
            external_id,
            holder: holder @ None,
        })) = outcome
        {
            unknown.push((external_id, holder));
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let sought: Vec<String> = unknown
        .iter()
        .map(|(sought, _)| (*sought).clone())
        .collect();
    let found: BTreeMap<String, i64> = tasks::holders(conn, user_id, &sought)?
        .into_iter()
        .collect();
    for (sought, holder) in unknown {
        *holder = found.get(sought).copied();
    }
    Ok(())
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
    /// External ids in use outside the trash, as far as the batch is about them, and by which task: `None` is one that
    /// the batch creates.
    taken: BTreeMap<String, Option<i64>>,
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
            tasks::holders(conn, user_id, &external_ids)?
        };
        let before: BTreeMap<i64, Task> = found.into_iter().map(|task| (task.id, task)).collect();
        Ok(Self {
            user_id,
            now,
            after: before.clone(),
            before,
            created: Vec::new(),
            taken: taken
                .into_iter()
                .map(|(external_id, id)| (external_id, Some(id)))
                .collect(),
        })
    }

    /// What becomes of the operation once all is written; `None`: a task is created, the next of them.
    fn apply(&mut self, operation: &Operation) -> Result<Option<Done>, Refusal> {
        let done = match operation {
            Operation::Create(draft) => {
                let task = draft.clone().into_new(self.user_id, self.now);
                self.claim(None, None, task.external_id.as_ref())?;
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
        match version {
            Some(asked) if asked != current.version => {
                let unmet =
                    Unmet::version("task", current.version, "if_version", &[asked.to_string()]);
                Err(Refusal::Mismatch(Box::new(current), unmet))
            }
            _ => Ok(current),
        }
    }

    fn change(&mut self, current: &Task, next: Option<Task>) -> Result<Task, Refusal> {
        let Some(next) = next else {
            return Ok(current.clone());
        };
        let (given_up, claimed) = (in_use(current).cloned(), in_use(&next).cloned());
        self.claim(Some(next.id), given_up.as_ref(), claimed.as_ref())?;
        self.after.insert(next.id, next.clone());
        Ok(next)
    }

    /// Gives one external id up and takes another, for the task `id`, which is `None` where it is created.
    fn claim(
        &mut self,
        id: Option<i64>,
        given_up: Option<&String>,
        claimed: Option<&String>,
    ) -> Result<(), AppError> {
        if given_up == claimed {
            return Ok(());
        }
        if let Some((external_id, holder)) = claimed.and_then(|c| self.taken.get_key_value(c)) {
            return Err(AppError::ExternalIdTaken {
                external_id: external_id.clone(),
                holder: *holder,
            });
        }
        if let Some(given_up) = given_up {
            self.taken.remove(given_up);
        }
        self.taken
            .extend(claimed.map(|claimed| (claimed.clone(), id)));
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
