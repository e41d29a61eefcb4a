//! Several operations at once.
//!
//! The tasks that they are about are read in one statement, the operations are worked out on them in
//! memory, in order, and what has changed is written in one statement, and what is new in another.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{
    Connection,
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::refusal::{Refusal, external_id_taken};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        batch::{Done, Operation},
        precondition::IfMatch,
        task::Task,
        time::UtcTime,
    },
    repositories::{
        tasks::{self, Change},
        users,
    },
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

/// The operation at `index` failed, and with it an atomic batch.
#[derive(Debug)]
pub struct Failure {
    pub index: usize,
    pub refusal: Refusal,
}

/// Why a transaction ends without a trace.
enum Undo {
    DryRun(Outcomes),
    Failed(Failure),
    /// Another writer took an external id between the look and the write: once more.
    Raced,
    Broken(AppError),
}

impl From<DieselError> for Undo {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Raced,
            other => Self::Broken(other.into()),
        }
    }
}

/// Runs the operations, of which some may have failed already. Each failure is its operation's own,
/// but in an atomic batch the first one is the answer; `Err(Err(_))` is a failure of the database.
pub fn run(
    conn: &mut DbConn,
    user_id: i64,
    operations: Vec<Result<Operation, AppError>>,
    mode: Mode,
    now: UtcTime,
) -> Result<Outcomes, Result<Failure, AppError>> {
    let mut refused: BTreeMap<usize, AppError> = BTreeMap::new();
    let mut valid: Vec<(usize, Operation)> = Vec::new();
    for (index, operation) in operations.into_iter().enumerate() {
        match operation {
            Ok(operation) => valid.push((index, operation)),
            Err(error) => drop(refused.insert(index, error)),
        }
    }
    if mode.atomic
        && let Some((index, error)) = refused.pop_first()
    {
        let refusal = error.into();
        return Err(Ok(Failure { index, refusal }));
    }
    let mut outcomes = loop {
        let outcome = conn.transaction(|conn| {
            let outcomes = attempt(conn, user_id, &valid, mode.atomic, now)?;
            match mode.dry_run {
                true => Err(Undo::DryRun(outcomes)),
                false => Ok(outcomes),
            }
        });
        match outcome {
            Ok(outcomes) | Err(Undo::DryRun(outcomes)) => break outcomes,
            Err(Undo::Failed(failure)) => return Err(Ok(failure)),
            Err(Undo::Raced) => {}
            Err(Undo::Broken(error)) => return Err(Err(error)),
        }
    };
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
    users::take_turn(conn, user_id)?;
    let mut work = Work::load(conn, user_id, operations, now)?;
    let mut outcomes = Vec::with_capacity(operations.len());
    for (index, operation) in operations {
        let outcome = work.apply(operation);
        match outcome {
            Err(refusal) if atomic => {
                let index = *index;
                return Err(Undo::Failed(Failure { index, refusal }));
            }
            outcome => outcomes.push(outcome),
        }
    }
    work.write(conn)?;
    let mut created = work.created.into_iter();
    for ((index, _), outcome) in operations.iter().zip(&mut outcomes) {
        let Ok(Done::Created(task)) = outcome else {
            continue;
        };
        *task = created.next().unwrap_or_else(|| task.clone());
        if task.id > 0 {
            continue;
        }
        let (index, refusal) = (*index, external_id_taken().into());
        if atomic {
            return Err(Undo::Failed(Failure { index, refusal }));
        }
        *outcome = Err(refusal);
    }
    Ok(outcomes)
}

/// The tasks that a batch is about, while it is worked out.
struct Work {
    user_id: i64,
    now: UtcTime,
    /// As they are in the database, by id.
    before: BTreeMap<i64, Task>,
    /// As they are after the operations so far.
    after: BTreeMap<i64, Task>,
    created: Vec<Task>,
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
        let found = match ids.is_empty() {
            true => Vec::new(),
            false => tasks::lock(conn, user_id, &ids)?,
        };
        let named = operations.iter().filter_map(|(_, o)| external_id_of(o));
        let external_ids: BTreeSet<String> = named
            .chain(found.iter().filter_map(|task| task.external_id.clone()))
            .collect();
        let external_ids: Vec<String> = external_ids.into_iter().collect();
        let holders = match external_ids.is_empty() {
            true => Vec::new(),
            false => tasks::find_external(conn, user_id, &external_ids)?,
        };
        let before: BTreeMap<i64, Task> = found.into_iter().map(|task| (task.id, task)).collect();
        Ok(Self {
            user_id,
            now,
            after: before.clone(),
            before,
            created: Vec::new(),
            taken: holders
                .into_iter()
                .filter_map(|task| task.external_id)
                .collect(),
        })
    }

    fn apply(&mut self, operation: &Operation) -> Result<Done, Refusal> {
        match operation {
            Operation::Create(draft) => {
                let task = draft.clone().into_task(self.user_id, self.now);
                self.claim(None, task.external_id.as_ref())?;
                self.created.push(task.clone());
                Ok(Done::Created(task))
            }
            Operation::Update {
                id,
                if_version,
                patch,
            } => {
                let current = self.find(*id, false, *if_version)?;
                let next = current.patched(patch, self.now);
                self.change(&current, next).map(Done::Changed)
            }
            Operation::Delete { id, if_version } => {
                let current = self.find(*id, false, *if_version)?;
                let next = current.trashed(self.now);
                self.change(&current, Some(next)).map(|_| Done::Deleted)
            }
            Operation::Restore { id } => {
                let current = self.find(*id, true, None)?;
                let next = current.restored(self.now);
                self.change(&current, Some(next)).map(Done::Changed)
            }
        }
    }

    fn find(&self, id: i64, trashed: bool, version: Option<i64>) -> Result<Task, Refusal> {
        let found = self.after.get(&id).cloned();
        let current = found
            .filter(|task| task.deleted_at.is_some() == trashed)
            .ok_or(AppError::NotFound)?;
        let demanded = version.map(IfMatch::version).unwrap_or_default();
        match demanded.allows(current.version) {
            true => Ok(current),
            false => Err(Refusal::Mismatch(Box::new(current))),
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
        given_up.map(|given_up| self.taken.remove(given_up));
        self.taken.extend(claimed.cloned());
        Ok(())
    }

    fn write(&mut self, conn: &mut DbConn) -> Result<(), Undo> {
        let changed: Vec<Change<'_>> = self
            .before
            .values()
            .zip(self.after.values())
            .filter(|(before, after)| before != after)
            .map(|(before, after)| Change { before, after })
            .collect();
        match change_hands(&changed) {
            false => self.save(conn, &changed)?,
            true => self.hand_over(conn, &changed)?,
        }
        if !self.created.is_empty() {
            tasks::insert(conn, &mut self.created)?;
        }
        Ok(())
    }

    /// An engine checks a key row by row: before external ids change hands, all are given up.
    fn hand_over(&self, conn: &mut DbConn, changes: &[Change<'_>]) -> Result<(), Undo> {
        let between: Vec<Task> = changes
            .iter()
            .map(|c| without_external_id(c.after))
            .collect();
        let steps = || changes.iter().zip(&between);
        let given_up: Vec<Change<'_>> = steps()
            .map(|(Change { before, .. }, after)| Change { before, after })
            .collect();
        self.save(conn, &given_up)?;
        let taken: Vec<Change<'_>> = steps()
            .map(|(Change { after, .. }, before)| Change { before, after })
            .collect();
        self.save(conn, &taken)
    }

    fn save(&self, conn: &mut DbConn, changes: &[Change<'_>]) -> Result<(), Undo> {
        if changes.is_empty() {
            return Ok(());
        }
        let saved = tasks::save(conn, self.user_id, changes)?.len();
        match saved == changes.len() {
            true => Ok(()),
            false => Err(Undo::Broken(AppError::internal(format!(
                "{} locked tasks, of which {saved} were written",
                changes.len()
            )))),
        }
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
        .filter(|_| task.deleted_at.is_none())
}

fn change_hands(changes: &[Change<'_>]) -> bool {
    let before: BTreeSet<&String> = changes.iter().filter_map(|c| in_use(c.before)).collect();
    changes
        .iter()
        .filter(|change| in_use(change.before) != in_use(change.after))
        .filter_map(|change| in_use(change.after))
        .any(|external_id| before.contains(external_id))
}

fn without_external_id(task: &Task) -> Task {
    Task {
        external_id: None,
        ..task.clone()
    }
}
