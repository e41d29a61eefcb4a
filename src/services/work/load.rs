//! What a unit of work reads before its operations are worked out.

use std::collections::{BTreeMap, BTreeSet};

use diesel::result::Error as DieselError;

use super::unit::Work;
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        batch::{CHANGES_MAX, Operation},
        blockers::SEARCH_MAX,
        deletion::Deletion,
        epoch::Epoch,
        status::Status,
        task::{Task, TaskState},
        time::UtcTime,
        tree::Forest,
    },
    repositories::{epochs, list::graph, projects, tasks},
};

impl Work {
    /// Reads what the operations are about. The user's row is locked. Errors: `Conflict` where it is too much.
    pub fn load(
        conn: &mut DbConn,
        user_id: i64,
        operations: &[&Operation],
        now: UtcTime,
    ) -> Result<Self, AppError> {
        let mut work = Self {
            user_id,
            now,
            epoch: Epoch::default(),
            before: BTreeMap::new(),
            after: BTreeMap::new(),
            forest: Forest::default(),
            projects: BTreeSet::new(),
            reserved: Vec::new(),
            temporary: BTreeMap::new(),
            taken: BTreeMap::new(),
            pending: BTreeSet::new(),
            blockers: Some(BTreeMap::new()),
        };
        work.load_rows(conn, operations)?;
        if restores(operations) {
            work.load_trash(conn)?;
        }
        work.load_projects(conn, operations)?;
        work.load_external_ids(conn, operations)?;
        work.load_blockers(conn, operations)?;
        let subjects = operations.iter().filter_map(|o| o.subject());
        if subjects.into_iter().any(|s| s.expected.is_of_epoch()) {
            work.epoch = epochs::find(conn)?;
        }
        Ok(work)
    }

    /// Adds tasks as they are in the database.
    pub(super) fn add(&mut self, tasks: Vec<Task>) {
        for task in tasks {
            if task.state() == TaskState::Live {
                self.forest.insert(task.id, task.parent_id);
            }
            self.after.insert(task.id, task.clone());
            self.before.insert(task.id, task);
        }
    }

    /// The tasks that are named, and all below those whose change reaches so far.
    fn load_rows(&mut self, conn: &mut DbConn, operations: &[&Operation]) -> Result<(), AppError> {
        let reaching = operations.iter().filter(|o| o.reaches_below());
        let reaching = reaching.filter_map(|o| o.subject());
        let reaching = existing(reaching.map(|subject| subject.id));
        let parents = existing(operations.iter().filter_map(|o| o.parent()));
        let roots: Vec<i64> = reaching.union(&parents).copied().collect();
        if !roots.is_empty() {
            for (id, parent) in graph::trees(conn, self.user_id, &roots)? {
                self.forest.insert(id, parent);
            }
        }
        let named = operations.iter().flat_map(|operation| {
            let subject = operation.subject().map(|subject| subject.id);
            let anchor = match operation {
                Operation::Move { destination, .. } => Some(destination.anchor()),
                _ => None,
            };
            let one = [subject, operation.parent(), anchor].into_iter().flatten();
            one.chain(operation.blockers().iter().copied())
        });
        let mut ids = existing(named);
        for id in reaching {
            ids.extend(self.forest.below(id));
            if ids.len() > CHANGES_MAX {
                return Err(super::unit::too_many());
            }
        }
        self.lock(conn, ids)?;
        let creates = |o: &&&Operation| matches!(o, Operation::Create { .. });
        let created = operations.iter().filter(creates).count();
        if created > 0 {
            self.reserved = tasks::reserve_ids(conn, created)?;
            self.reserved.reverse();
        }
        Ok(())
    }

    fn lock(&mut self, conn: &mut DbConn, ids: BTreeSet<i64>) -> Result<(), DieselError> {
        let ids: Vec<i64> = ids.into_iter().collect();
        if !ids.is_empty() {
            let found = tasks::lock(conn, self.user_id, &ids)?;
            self.add(found);
        }
        Ok(())
    }

    /// What went to the trash together with tasks of it, and the trees to which these may return.
    fn load_trash(&mut self, conn: &mut DbConn) -> Result<(), AppError> {
        let trashed = || {
            let tasks = self.after.values();
            tasks.filter(|task| task.state() == TaskState::Trashed)
        };
        let deletions: BTreeSet<&Deletion> = trashed()
            .filter_map(|task| task.deletion.as_ref())
            .collect();
        // What an operation before puts into the trash may return as well.
        let parents = existing(self.after.values().filter_map(|task| task.parent_id));
        let mut ids = parents.clone();
        if !deletions.is_empty() {
            let deletions: Vec<&Deletion> = deletions.into_iter().collect();
            let links = tasks::of_deletions(conn, self.user_id, &deletions)?;
            let mut together = Forest::default();
            for (id, parent) in links {
                together.insert(id, parent);
            }
            let below: Vec<i64> = trashed().flat_map(|task| together.below(task.id)).collect();
            ids.extend(below);
        }
        if ids.len() > CHANGES_MAX {
            return Err(super::unit::too_many());
        }
        ids.retain(|id| !self.after.contains_key(id));
        self.lock(conn, ids)?;
        let parents: Vec<i64> = parents.into_iter().collect();
        if !parents.is_empty() {
            for (id, parent) in graph::trees(conn, self.user_id, &parents)? {
                self.forest.insert(id, parent);
            }
        }
        Ok(())
    }

    fn load_projects(
        &mut self,
        conn: &mut DbConn,
        operations: &[&Operation],
    ) -> Result<(), DieselError> {
        let named = operations.iter().filter_map(|o| o.project());
        let returns = restores(operations);
        let own = self.after.values().filter(|_| returns);
        let ids = existing(named.chain(own.filter_map(|task| task.project_id)));
        if !ids.is_empty() {
            let ids: Vec<i64> = ids.into_iter().collect();
            self.projects = projects::live_among(conn, self.user_id, &ids)?
                .into_iter()
                .collect();
        }
        Ok(())
    }

    fn load_external_ids(
        &mut self,
        conn: &mut DbConn,
        operations: &[&Operation],
    ) -> Result<(), DieselError> {
        let named = operations.iter().filter_map(|o| o.external_id());
        let own = self
            .after
            .values()
            .filter_map(|task| task.external_id.as_deref());
        let ids: BTreeSet<&str> = named.chain(own).collect();
        if !ids.is_empty() {
            let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
            self.taken = tasks::holders(conn, self.user_id, &ids)?
                .into_iter()
                .collect();
        }
        Ok(())
    }

    /// Who blocks whom: for cycles of new blockers, and for what becomes done.
    fn load_blockers(
        &mut self,
        conn: &mut DbConn,
        operations: &[&Operation],
    ) -> Result<(), DieselError> {
        let updates = || {
            operations.iter().filter_map(|operation| match operation {
                Operation::Update { patch, .. } => Some(patch),
                _ => None,
            })
        };
        let named = updates().flat_map(|patch| patch.blocked_by.iter().flatten().copied());
        let named: Vec<i64> = existing(named).into_iter().collect();
        if !named.is_empty() {
            let found = graph::blockers(conn, self.user_id, &named)?;
            let is_whole = found.len() <= SEARCH_MAX * named.len();
            self.blockers = is_whole.then(|| found.into_iter().collect());
        }
        if updates().any(|patch| patch.status == Some(Status::Done)) {
            let blockers = self.after.values().flat_map(|task| task.blocked_by.ids());
            let mut unknown: BTreeSet<i64> = blockers.collect();
            unknown.retain(|id| !self.after.contains_key(id));
            if !unknown.is_empty() {
                let unknown: Vec<i64> = unknown.into_iter().collect();
                self.pending = tasks::pending(conn, self.user_id, &unknown)?
                    .into_iter()
                    .collect();
            }
        }
        Ok(())
    }
}

fn restores(operations: &[&Operation]) -> bool {
    let is_restore = |operation: &&Operation| matches!(operation, Operation::Restore { .. });
    operations.iter().any(is_restore)
}

/// Those of the ids that are no temporary ones.
fn existing(ids: impl Iterator<Item = i64>) -> BTreeSet<i64> {
    ids.filter(|id| *id > 0).collect()
}
