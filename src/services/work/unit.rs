//! The tasks of a unit of work.

use std::collections::{BTreeMap, BTreeSet};

use diesel::result::Error as DieselError;

use crate::{
    db::DbConn,
    error::AppError,
    models::{
        batch::{CHANGES_MAX, Done, Operation, Subject},
        blockers::Blockers,
        epoch::Epoch,
        shared_change::Changes,
        task::{Change, Task, TaskState},
        time::UtcTime,
        tree::Forest,
    },
    repositories::tasks,
    services::refusal::Refusal,
};

/// The tasks that operations are about, while these are worked out.
pub struct Work {
    pub(super) user_id: i64,
    pub(super) now: UtcTime,
    pub(super) epoch: Epoch,
    /// As they are in the database, by id.
    pub(super) before: BTreeMap<i64, Task>,
    /// As they are after the operations so far, with those that are created.
    pub(super) after: BTreeMap<i64, Task>,
    /// The trees outside the trash, as far as the operations are about them.
    pub(super) forest: Forest,
    /// Those outside the trash, of the projects that are named.
    pub(super) projects: BTreeSet<i64>,
    /// Ids for tasks to be created, the last first.
    pub(super) reserved: Vec<i64>,
    /// Created tasks by their temporary ids.
    pub(super) temporary: BTreeMap<i64, i64>,
    /// External ids in use outside the trash, as far as the operations are about them, and by which task.
    pub(super) taken: BTreeMap<String, i64>,
    /// Tasks that are to be done, among the blockers that are not in `after`.
    pub(super) pending: BTreeSet<i64>,
    /// Who is blocked by whom, as far as a new blocker may make a cycle; `None` where that is too much to tell.
    pub(super) blockers: Option<BTreeMap<i64, Blockers>>,
}

impl Work {
    /// Works an operation out. Where it is refused, nothing of it stays.
    pub fn apply(&mut self, conn: &mut DbConn, operation: &Operation) -> Result<Done, Refusal> {
        match operation {
            Operation::Create {
                temporary_id,
                draft,
            } => self.create(*temporary_id, draft),
            Operation::Update {
                subject,
                patch,
                options,
            } => self.update(subject, patch, *options),
            Operation::Delete { subject, subtasks } => self.delete(subject, *subtasks),
            Operation::Restore { subject } => self.restore(subject),
            Operation::Move {
                subject,
                destination,
            } => self.place(conn, subject, *destination),
        }
    }

    /// Whether the task is one that an operation has created.
    pub fn is_new(&self, id: i64) -> bool {
        self.after.contains_key(&id) && !self.before.contains_key(&id)
    }

    /// Writes all changes. Errors: `UniqueViolation` where another writer has taken an external id meanwhile.
    pub fn write(&self, conn: &mut DbConn) -> Result<(), DieselError> {
        let (new, old): (Vec<&Task>, Vec<&Task>) =
            self.after.values().partition(|task| self.is_new(task.id));
        let changes = old.into_iter().filter_map(|after| {
            let before = self.before.get(&after.id)?;
            (before != after).then_some(Change { before, after })
        });
        let changes: Vec<Change<'_>> = changes.collect();
        // An engine checks a key row by row: before external ids change hands, all are given up.
        let given_up = given_up(&changes, &new);
        if !given_up.is_empty() {
            tasks::clear_external_ids(conn, self.user_id, &given_up)?;
        }
        let count = changes.len();
        if count > 0 && tasks::save_all(conn, self.user_id, Changes::of(changes))? != count {
            // A locked row was not written, which no engine does.
            return Err(DieselError::NotFound);
        }
        if !new.is_empty() {
            tasks::insert_all(conn, &new)?;
        }
        Ok(())
    }

    /// The task as it is now, where it is in this state. Errors: `NotFound`, or what it is expected to be and is not;
    /// `Conflict` where the operation that was to create it has failed.
    pub(super) fn find(&self, subject: &Subject, state: TaskState) -> Result<Task, Refusal> {
        let id = self.resolve(subject.id)?;
        let found = self.after.get(&id).cloned();
        let current = found
            .filter(|task| task.state() == state)
            .ok_or(AppError::NotFound)?;
        match subject.expected.check(current.version, self.epoch) {
            Ok(()) => Ok(current),
            Err(unmet) => Err(Refusal::Mismatch(Box::new(current), unmet)),
        }
    }

    /// The id of a task that may be named by a temporary one. Errors: `Conflict` where the operation that was to create it
    /// has failed.
    pub(super) fn resolve(&self, id: i64) -> Result<i64, AppError> {
        if id > 0 {
            return Ok(id);
        }
        let created = self.temporary.get(&id).copied();
        let failed = || AppError::Conflict(format!("the task {id} was not created"));
        created.ok_or_else(failed)
    }

    /// A task outside the trash that `name` refers to. Errors: `Conflict`.
    pub(super) fn reference(&self, name: &str, id: i64) -> Result<&Task, AppError> {
        let found = self.after.get(&self.resolve(id)?);
        let is_live = |task: &&Task| task.state() == TaskState::Live;
        found.filter(is_live).ok_or_else(|| missing(name, id))
    }

    /// Takes over what an operation has made of tasks. Errors: `ExternalIdTaken`, and then nothing is taken over;
    /// `Conflict` where too many tasks would change.
    pub(super) fn put(&mut self, changed: Vec<Task>) -> Result<(), AppError> {
        if changed.len() > CHANGES_MAX {
            return Err(too_many());
        }
        for task in &changed {
            self.check_external_id(task)?;
        }
        for task in &changed {
            let old = self.after.get(&task.id).and_then(in_use).cloned();
            if let Some(old) = old.filter(|old| in_use(task) != Some(old)) {
                self.taken.remove(&old);
            }
        }
        for task in changed {
            if let Some(external_id) = in_use(&task) {
                self.taken.insert(external_id.clone(), task.id);
            }
            match task.state() {
                TaskState::Live => self.forest.insert(task.id, task.parent_id),
                TaskState::Trashed => self.forest.remove(task.id),
            }
            self.after.insert(task.id, task);
        }
        Ok(())
    }

    fn check_external_id(&self, task: &Task) -> Result<(), AppError> {
        let Some(external_id) = in_use(task) else {
            return Ok(());
        };
        match self.taken.get(external_id) {
            Some(holder) if *holder != task.id => Err(AppError::ExternalIdTaken {
                external_id: external_id.clone(),
                holder: Some(*holder),
            }),
            _ => Ok(()),
        }
    }
}

/// The refusal of a reference that names nothing.
pub fn missing(name: &str, id: i64) -> AppError {
    AppError::Conflict(format!(
        "{name}: {id} is none of yours, or it is in the trash"
    ))
}

/// The refusal of a request that would change more than [`CHANGES_MAX`] tasks.
pub fn too_many() -> AppError {
    AppError::Conflict(format!("more than {CHANGES_MAX} tasks would change"))
}

/// The task's external id, which is free for others while it is in the trash.
fn in_use(task: &Task) -> Option<&String> {
    task.external_id
        .as_ref()
        .filter(|_| task.state() == TaskState::Live)
}

/// The tasks whose external ids others get at the same time.
fn given_up(changes: &[Change<'_>], new: &[&Task]) -> Vec<i64> {
    let moved = || {
        let moves = |c: &&Change<'_>| in_use(c.before) != in_use(c.after);
        changes.iter().filter(moves)
    };
    let claimed: BTreeSet<&String> = moved()
        .filter_map(|c| in_use(c.after))
        .chain(new.iter().filter_map(|task| in_use(task)))
        .collect();
    moved()
        .filter(|c| in_use(c.before).is_some_and(|id| claimed.contains(id)))
        .map(|c| c.before.id)
        .collect()
}
