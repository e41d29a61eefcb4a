//! Projects. The owner is always an argument, and always the current user.

use std::collections::HashMap;

use diesel::{Connection, result::DatabaseErrorKind::ForeignKeyViolation};

use super::{refusal::Refusal, tasks::Page, work::unit::missing};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        batch::Destination,
        order_key::OrderKey,
        placement,
        precondition::Preconditions,
        project::{PROJECTS_MAX, Project, ProjectDraft, ProjectPatch, Ranked, TaskCounts},
        time::UtcTime,
    },
    repositories::{project_tasks, projects, users},
};

/// Which page of which projects.
#[derive(Debug, Clone)]
pub struct PageRequest {
    pub archived: Option<bool>,
    /// Order key and id of the last project of the page before; `None` for the first page.
    pub after: Option<(String, i64)>,
    /// 1 or more.
    pub limit: u32,
    /// Whether the tasks of each project are to be counted.
    pub with_counts: bool,
}

/// A project, and how many tasks it has where that was asked for.
pub type Counted = (Project, Option<TaskCounts>);

/// Which project a write is about, and what the client demands of it.
#[derive(Debug, Clone)]
pub struct Target {
    pub user_id: i64,
    pub id: i64,
    pub preconditions: Preconditions,
}

impl Target {
    /// The project outside the trash, locked until the transaction ends. Errors: `NotFound`.
    pub fn live(&self, conn: &mut DbConn) -> Result<Project, Refusal<Project>> {
        self.find(conn, |project| project.deleted_at.is_none())
    }

    /// The project in the trash, locked until the transaction ends. Errors: `NotFound`.
    pub fn trashed(&self, conn: &mut DbConn) -> Result<Project, Refusal<Project>> {
        self.find(conn, |project| project.deleted_at.is_some())
    }

    fn find(
        &self,
        conn: &mut DbConn,
        is_there: impl FnOnce(&Project) -> bool,
    ) -> Result<Project, Refusal<Project>> {
        let (project, epoch) = projects::lock(conn, self.user_id, self.id)?
            .filter(|(project, _)| is_there(project))
            .ok_or(AppError::NotFound)?;
        let checked = self.preconditions.check("project", project.version, epoch);
        match checked {
            Ok(()) => Ok(project),
            Err(unmet) => Err(Refusal::Mismatch(Box::new(project), unmet)),
        }
    }
}

/// Locks the user's row: then no other request relates tasks to projects, or adds a project. Errors: `InvalidToken`
/// where the user is gone.
pub fn lock_user(conn: &mut DbConn, user_id: i64) -> Result<(), AppError> {
    users::lock(conn, user_id)?.ok_or(AppError::REVOKED)?;
    Ok(())
}

/// Whether the user may have one more project outside the trash. Errors: `Conflict`.
pub fn check_room(conn: &mut DbConn, user_id: i64) -> Result<(), AppError> {
    if projects::count(conn, user_id)? < PROJECTS_MAX {
        return Ok(());
    }
    let detail = format!("there are {PROJECTS_MAX} projects outside the trash, and may be no more");
    Err(AppError::Conflict(detail))
}

/// Makes a project of `user_id`. Errors: `Conflict` where there are too many; `InvalidToken` where the user is gone.
pub fn create(
    conn: &mut DbConn,
    user_id: i64,
    draft: ProjectDraft,
    now: UtcTime,
) -> Result<Project, AppError> {
    conn.transaction(|conn| {
        lock_user(conn, user_id)?;
        check_room(conn, user_id)?;
        let owner_gone = AppError::on_violation(ForeignKeyViolation, AppError::REVOKED);
        projects::insert(conn, &draft.into_new(user_id, now)).map_err(owner_gone)
    })
}

/// Errors: `NotFound`, also where the project is in the trash or someone else's.
pub fn get(
    conn: &mut DbConn,
    user_id: i64,
    id: i64,
    with_counts: bool,
) -> Result<Counted, AppError> {
    let project = projects::find(conn, user_id, id)?.ok_or(AppError::NotFound)?;
    let counts = count_tasks(conn, user_id, &[id], with_counts)?;
    Ok((project, counts.get(&id).copied()))
}

/// One page of the projects of `user_id`, in their order.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    request: &PageRequest,
) -> Result<Page<Counted>, AppError> {
    loop {
        let mut order = projects::order(conn, user_id, request.archived)?;
        if let Some((key, id)) = &request.after {
            order.retain(|ranked| (ranked.key.as_str(), ranked.id) > (key.as_str(), *id));
        }
        let page = Page::cut(order, request.limit);
        let ids: Vec<i64> = page.items.iter().map(|ranked| ranked.id).collect();
        let rows = projects::find_all(conn, user_id, &ids)?;
        if rows.is_empty() && page.more {
            // All of them went to the trash between the statements: the page is not the last.
            continue;
        }
        let counts = count_tasks(conn, user_id, &ids, request.with_counts)?;
        let mut rows: HashMap<i64, Project> = rows.into_iter().map(|row| (row.id, row)).collect();
        let items = ids
            .iter()
            .filter_map(|id| Some((rows.remove(id)?, counts.get(id).copied())));
        return Ok(Page {
            items: items.collect(),
            more: page.more,
            total: None,
        });
    }
}

/// The counts of the projects with these ids; of none where they are not asked for.
fn count_tasks(
    conn: &mut DbConn,
    user_id: i64,
    ids: &[i64],
    is_asked: bool,
) -> Result<HashMap<i64, TaskCounts>, AppError> {
    if is_asked {
        Ok(project_tasks::count_open(conn, user_id, ids)?)
    } else {
        Ok(HashMap::new())
    }
}

/// Applies `patch`. A patch that changes nothing writes nothing. Errors: `NotFound`.
pub fn update(
    conn: &mut DbConn,
    target: &Target,
    patch: &ProjectPatch,
    now: UtcTime,
) -> Result<Project, Refusal<Project>> {
    conn.transaction(|conn| {
        let current = target.live(conn)?;
        match current.changed(now, |project| patch.apply(project)) {
            Some(next) => {
                projects::save(conn, &next)?;
                Ok(next)
            }
            None => Ok(current),
        }
    })
}

/// Moves a project right before or right after another one. Where the gap is crowded, the projects in it get other keys. A
/// move to where it stands writes nothing. Errors: `NotFound`; `Conflict` where there is no such other project.
pub fn place(
    conn: &mut DbConn,
    target: &Target,
    destination: Destination,
    now: UtcTime,
) -> Result<Project, Refusal<Project>> {
    let Target { user_id, id, .. } = *target;
    conn.transaction(|conn| {
        lock_user(conn, user_id)?;
        let current = target.live(conn)?;
        let mut others = projects::order(conn, user_id, None)?;
        let stands = others.iter().position(|other| other.id == id);
        others.retain(|other| other.id != id);
        let goes = index(&others, id, destination)?;
        if stands == Some(goes) {
            return Ok(current);
        }
        let (before, after) = others.split_at(goes);
        let before: Vec<&Ranked> = before.iter().rev().collect();
        let after: Vec<&Ranked> = after.iter().collect();
        let placed = placement::place(&keys(&before), &keys(&after), usize::MAX)
            .ok_or_else(|| AppError::internal("there is no key between two projects"))?;
        let moved = before.iter().zip(placed.before);
        for (other, key) in moved.chain(after.iter().zip(placed.after)) {
            projects::set_position(conn, user_id, other.id, &key, now)?;
        }
        let next = current.changed(now, |project| project.position = Some(placed.key));
        let next = next.unwrap_or(current);
        projects::save(conn, &next)?;
        Ok(next)
    })
}

/// Where the destination of the project `id` is among the `others`. Errors: `Conflict` where there is none.
fn index(others: &[Ranked], id: i64, destination: Destination) -> Result<usize, AppError> {
    let (name, step) = match destination {
        Destination::Before(_) => ("before", 0),
        Destination::After(_) => ("after", 1),
    };
    let anchor = destination.anchor();
    if anchor == id {
        let detail = format!("{name}: a project cannot be moved next to itself");
        return Err(AppError::Conflict(detail));
    }
    let found = others.iter().position(|other| other.id == anchor);
    found
        .map(|at| at + step)
        .ok_or_else(|| missing(name, anchor))
}

fn keys(ranked: &[&Ranked]) -> Vec<OrderKey> {
    ranked.iter().map(|ranked| ranked.key.clone()).collect()
}
