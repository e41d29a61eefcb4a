//! Creating and changing a task.

use std::collections::BTreeSet;

use super::unit::{Work, missing};
use crate::{
    error::AppError,
    models::{
        batch::{Done, Subject, UpdateOptions, UpdatedSubtasks},
        blockers::{BlockerFault, Blockers, check_cycle},
        status::Status,
        task::{Task, TaskDraft, TaskPatch, TaskState},
        tree::Extent,
    },
    services::refusal::Refusal,
};

/// What is known of a task for a place in a tree and a project.
struct Placed {
    id: Option<i64>,
    extent: Extent,
    parent_id: Option<i64>,
    project_id: Option<i64>,
}

impl Work {
    pub(super) fn create(
        &mut self,
        temporary_id: Option<i64>,
        draft: &TaskDraft,
    ) -> Result<Done, Refusal> {
        let nowhere = Placed {
            id: None,
            extent: Extent::ONE,
            parent_id: None,
            project_id: None,
        };
        let project = draft.project_id.map(Some);
        let (parent_id, project_id) = self.placed(&nowhere, draft.parent_id.map(Some), project)?;
        let blocked_by = self.blockers(&Blockers::default(), &draft.blocked_by)?;
        let id = self.reserved.pop();
        let id = id.ok_or_else(|| AppError::internal("no id is reserved for a task"))?;
        let task = Task {
            parent_id,
            project_id,
            blocked_by,
            ..draft.clone().into_task(id, self.user_id, self.now)
        };
        self.put(vec![task.clone()])?;
        self.temporary.extend(temporary_id.map(|name| (name, id)));
        Ok(Done::Created(task))
    }

    pub(super) fn update(
        &mut self,
        subject: &Subject,
        patch: &TaskPatch,
        options: UpdateOptions,
    ) -> Result<Done, Refusal> {
        let current = self.find(subject, TaskState::Live)?;
        let place = Placed {
            id: Some(current.id),
            extent: self.forest.extent(current.id),
            parent_id: current.parent_id,
            project_id: current.project_id,
        };
        let (parent_id, project_id) = self.placed(&place, patch.parent_id, patch.project_id)?;
        let blocked_by = match &patch.blocked_by {
            Some(named) => self.changed_blockers(&current, named)?,
            None => current.blocked_by.clone(),
        };
        let next = current.changed(self.now, |task| {
            patch.apply(task, self.now);
            task.parent_id = parent_id;
            task.project_id = project_id;
            task.blocked_by = blocked_by;
        });
        let closed = patch
            .status
            .filter(|_| options.subtasks == UpdatedSubtasks::Close);
        let mut changed: Vec<Task> = next.iter().cloned().collect();
        if closed.is_some() || project_id != current.project_id {
            changed.extend(self.changed_below(current.id, project_id, closed));
        }
        if !options.force {
            self.check_blocked(&changed)?;
        }
        self.put(changed)?;
        Ok(Done::Changed(next.unwrap_or(current)))
    }

    /// The tasks below one, as far as they change with it.
    fn changed_below(
        &self,
        id: i64,
        project_id: Option<i64>,
        closed: Option<Status>,
    ) -> impl Iterator<Item = Task> {
        let below = self.forest.below(id).into_iter();
        below.filter_map(move |id| {
            self.after.get(&id)?.changed(self.now, |task| {
                task.project_id = project_id;
                if let Some(status) = closed.filter(|_| task.status.is_open()) {
                    task.set_status(status, self.now);
                }
            })
        })
    }

    /// The parent and the project of a task where these are asked for: a subtask is in the project of its parent. Only what
    /// is newly named is looked at. Errors: `Conflict`.
    fn placed(
        &self,
        task: &Placed,
        parent: Option<Option<i64>>,
        project: Option<Option<i64>>,
    ) -> Result<(Option<i64>, Option<i64>), AppError> {
        let parent_id = match parent.unwrap_or(task.parent_id) {
            Some(id) => Some(self.resolve(id)?),
            None => None,
        };
        let Some(parent) = parent_id else {
            let project_id = project.unwrap_or(task.project_id);
            let is_new = project_id != task.project_id;
            if let Some(id) = project_id.filter(|id| is_new && !self.projects.contains(id)) {
                return Err(missing("project_id", id));
            }
            return Ok((None, project_id));
        };
        let project_id = if parent_id == task.parent_id {
            task.project_id
        } else {
            let found = self.reference("parent_id", parent)?.project_id;
            let fits = self.forest.check(task.id, task.extent, parent);
            fits.map_err(|fault| AppError::Conflict(fault.to_string()))?;
            found
        };
        if project.is_some_and(|asked| asked != project_id) {
            let detail = "a subtask is in the project of its parent: leave project_id out";
            return Err(AppError::Conflict(detail.to_owned()));
        }
        Ok((parent_id, project_id))
    }

    /// The blockers of a task that had those in `old`, and is to have those that are `named`. Errors: `Conflict` where
    /// a new one is none of the user's, or in the trash.
    fn blockers(&self, old: &Blockers, named: &[i64]) -> Result<Blockers, AppError> {
        let ids = named.iter().map(|id| self.resolve(*id));
        let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
        let known: BTreeSet<i64> = old.ids().collect();
        for id in ids.iter().filter(|id| !known.contains(id)) {
            self.reference("blocked_by", *id)?;
        }
        Ok(ids.into_iter().collect())
    }

    /// As [`Self::blockers`], for a task that is there already and so may come to block itself.
    fn changed_blockers(&self, task: &Task, named: &[i64]) -> Result<Blockers, AppError> {
        let blockers = self.blockers(&task.blocked_by, named)?;
        let known: BTreeSet<i64> = task.blocked_by.ids().collect();
        let new: Vec<i64> = blockers.ids().filter(|id| !known.contains(id)).collect();
        if new.is_empty() {
            return Ok(blockers);
        }
        let Some(loaded) = &self.blockers else {
            let fault = BlockerFault::TooMany;
            return Err(AppError::Conflict(fault.to_string()));
        };
        let blockers_of = |id: i64| -> Vec<i64> {
            let of_task = self.after.get(&id).map(|task| &task.blocked_by);
            let found = of_task.or_else(|| loaded.get(&id));
            found.into_iter().flat_map(Blockers::ids).collect()
        };
        let checked = check_cycle(task.id, blockers.ids(), blockers_of);
        checked.map_err(|fault| AppError::Conflict(fault.to_string()))?;
        Ok(blockers)
    }

    /// Errors: `Blocked` where one of the tasks becomes done while another that is to be done blocks it.
    fn check_blocked(&self, changed: &[Task]) -> Result<(), AppError> {
        let becomes_done = |task: &&Task| {
            let was_open = self.after.get(&task.id).map(|task| task.status.is_open());
            task.status == Status::Done && was_open == Some(true)
        };
        let is_pending = |id: &i64| {
            let changed = changed.iter().find(|task| task.id == *id);
            match changed.or_else(|| self.after.get(id)) {
                Some(task) => task.is_pending(),
                None => self.pending.contains(id),
            }
        };
        let blockers = changed.iter().filter(becomes_done);
        let blockers = blockers.flat_map(|task| task.blocked_by.ids());
        let open: BTreeSet<i64> = blockers.filter(is_pending).collect();
        if open.is_empty() {
            return Ok(());
        }
        Err(AppError::Blocked {
            blocked_by: open.into_iter().collect(),
        })
    }
}
