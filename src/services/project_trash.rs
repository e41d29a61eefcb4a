//! Projects on their way into the trash and out of it, with their tasks.

use diesel::{
    Connection,
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::{
    projects::{Target, check_room, lock_user},
    refusal::Refusal,
    tasks::Page,
    work::unit::too_many,
};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        batch::{CHANGES_MAX, DeletedBelow},
        deletion::Deletion,
        project::Project,
        time::UtcTime,
    },
    repositories::{project_tasks, projects},
};

/// One page of the projects in the trash of `user_id`, last trashed first. `after` is the time and id of the last one of
/// the page before.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    after: Option<(UtcTime, i64)>,
    limit: u32,
) -> Result<Page<Project>, AppError> {
    let found = projects::trash(conn, user_id, after, i64::from(limit) + 1)?;
    Ok(Page::cut(found, limit))
}

/// Puts a project into the trash; `tasks` says what becomes of those in it. Errors: `NotFound`; `Conflict` where they are
/// too many.
pub fn trash(
    conn: &mut DbConn,
    target: &Target,
    tasks: DeletedBelow,
    now: UtcTime,
) -> Result<(), Refusal<Project>> {
    let Target { user_id, id, .. } = *target;
    conn.transaction(|conn| {
        lock_user(conn, user_id)?;
        let project = target.live(conn)?;
        check_size(project_tasks::count(conn, user_id, id)?)?;
        match tasks {
            DeletedBelow::Trash => {
                project_tasks::trash(conn, user_id, id, &Deletion::of_project(id), now)?
            }
            DeletedBelow::Keep => project_tasks::release(conn, user_id, id, now)?,
        };
        projects::save(conn, &project.trashed(now))?;
        Ok(())
    })
}

/// Why a restore ends without a trace.
enum Undo {
    Refused(Refusal<Project>),
    /// Another writer took an external id between the look and the write: once more.
    Raced,
}

impl<E: Into<Refusal<Project>>> From<E> for Undo {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// Takes a project out of the trash, and the tasks that went there with it and are there still. Errors: `NotFound` where
/// it is not in the trash; `ExternalIdTaken`; `Conflict` where there are too many projects or tasks.
pub fn restore(
    conn: &mut DbConn,
    target: &Target,
    now: UtcTime,
) -> Result<Project, Refusal<Project>> {
    loop {
        match conn.transaction(|conn| try_restore(conn, target, now)) {
            Ok(project) => return Ok(project),
            Err(Undo::Refused(refusal)) => return Err(refusal),
            Err(Undo::Raced) => {}
        }
    }
}

fn try_restore(conn: &mut DbConn, target: &Target, now: UtcTime) -> Result<Project, Undo> {
    let Target { user_id, id, .. } = *target;
    lock_user(conn, user_id)?;
    let project = target.trashed(conn)?;
    check_room(conn, user_id)?;
    let deletion = Deletion::of_project(id);
    check_size(project_tasks::count_trashed(conn, user_id, &deletion)?)?;
    if let Some((external_id, holder)) = project_tasks::holder(conn, user_id, &deletion)? {
        return Err(AppError::ExternalIdTaken {
            external_id,
            holder: Some(holder),
        }
        .into());
    }
    project_tasks::release_orphans(conn, user_id, &deletion)?;
    project_tasks::restore(conn, user_id, &deletion, now).map_err(|error| match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Undo::Raced,
        other => other.into(),
    })?;
    let restored = project.restored(now);
    projects::save(conn, &restored)?;
    Ok(restored)
}

/// Deletes a project for good; its tasks stay where they are. Errors: `NotFound` where it is not in the trash.
pub fn purge(conn: &mut DbConn, target: &Target) -> Result<(), Refusal<Project>> {
    conn.transaction(|conn| {
        target.trashed(conn)?;
        projects::purge(conn, target.user_id, target.id)?;
        Ok(())
    })
}

/// Errors: `Conflict` where so many tasks are too many for one request.
fn check_size(tasks: i64) -> Result<(), AppError> {
    if tasks > CHANGES_MAX as i64 {
        return Err(too_many());
    }
    Ok(())
}
