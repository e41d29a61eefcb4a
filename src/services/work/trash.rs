//! Into the trash and out of it.

use super::unit::Work;
use crate::{
    models::{
        batch::{DeletedBelow, Done, Subject},
        deletion::Deletion,
        restoration::Restoration,
        task::{Task, TaskState},
    },
    services::refusal::Refusal,
};

impl Work {
    pub(super) fn delete(
        &mut self,
        subject: &Subject,
        subtasks: DeletedBelow,
    ) -> Result<Done, Refusal> {
        let current = self.find(subject, TaskState::Live)?;
        let changed: Vec<Task> = match subtasks {
            DeletedBelow::Trash => {
                let below = self.forest.below(current.id);
                let deletion = (!below.is_empty()).then(|| Deletion::of_task(current.id));
                let below = below.iter().filter_map(|id| self.after.get(id));
                let all = std::iter::once(&current).chain(below);
                all.map(|task| task.trashed(deletion.clone(), self.now))
                    .collect()
            }
            DeletedBelow::Keep => {
                let subtasks = self.forest.subtasks(current.id);
                let lifted = subtasks.filter_map(|id| {
                    let subtask = self.after.get(&id)?;
                    subtask.changed(self.now, |task| task.parent_id = current.parent_id)
                });
                let deleted = current.trashed(None, self.now);
                std::iter::once(deleted).chain(lifted).collect()
            }
        };
        self.put(changed)?;
        Ok(Done::Deleted)
    }

    /// Brings a task back, and all below it that went in the same deletion. A parent that is gone or in the trash, or under
    /// which they do not fit any more, is lost, and so is such a project.
    pub(super) fn restore(&mut self, subject: &Subject) -> Result<Done, Refusal> {
        let current = self.find(subject, TaskState::Trashed)?;
        let restoration = self.restoration(&current);
        let parent = current
            .parent_id
            .and_then(|id| self.after.get(&id))
            .filter(|parent| parent.state() == TaskState::Live)
            .filter(|parent| {
                let fits = self.forest.check(None, restoration.extent, parent.id);
                fits.is_ok()
            });
        let project_id = match parent {
            Some(parent) => parent.project_id,
            None => current.project_id.filter(|id| self.projects.contains(id)),
        };
        let parent_id = parent.map(|parent| parent.id);
        let restored = restoration.ids.iter().filter_map(|id| {
            let task = self.after.get(id)?;
            let is_first = *id == current.id;
            let parent_id = if is_first { parent_id } else { task.parent_id };
            Some(task.restored(parent_id, project_id, self.now))
        });
        let restored: Vec<Task> = restored.collect();
        let first = restored.first().cloned().unwrap_or(current);
        self.put(restored)?;
        Ok(Done::Changed(first))
    }

    /// What comes back with a task of the trash.
    fn restoration(&self, task: &Task) -> Restoration {
        let together = self.after.values().filter(|other| {
            other.state() == TaskState::Trashed
                && other.deletion.is_some()
                && other.deletion == task.deletion
        });
        Restoration::of(task.id, together.map(|other| (other.id, other.parent_id)))
    }
}
