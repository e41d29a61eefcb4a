//! All tasks of a project at once.

use std::collections::HashMap;

use diesel::{
    dsl::{self, case_when, count_star, exists, not},
    prelude::*,
    sql_types::Timestamp,
};

use super::tasks::live;
use crate::{
    db::DbConn,
    models::{deletion::Deletion, project::TaskCounts, status::Status, time::UtcTime},
    schema::tasks,
};

/// The project's tasks outside the trash.
#[dsl::auto_type]
fn of_project(user_id: i64, project_id: i64) -> _ {
    let live: live = live(user_id);
    live.filter(tasks::project_id.eq(project_id))
}

/// The tasks that went to the trash in the deletion, and are there still.
#[dsl::auto_type]
fn of_deletion<'a>(user_id: i64, deletion: &'a Deletion) -> _ {
    tasks::table
        .filter(tasks::user_id.eq(user_id))
        .filter(tasks::deletion.eq(deletion))
        .filter(tasks::deleted_at.is_not_null())
}

/// What every change of a task sets: for a reader, time does not run backwards.
#[dsl::auto_type]
fn next_version(now: UtcTime) -> _ {
    let not_before: not_before = not_before(now);
    (
        tasks::version.eq(tasks::version + 1_i64),
        tasks::updated_at.eq(not_before),
    )
}

#[dsl::auto_type]
fn not_before(now: UtcTime) -> _ {
    let now = now.into_sql::<Timestamp>();
    case_when(tasks::updated_at.lt(now), now).otherwise(tasks::updated_at)
}

/// How many tasks the project has outside the trash.
pub fn count(conn: &mut DbConn, user_id: i64, project_id: i64) -> QueryResult<i64> {
    of_project(user_id, project_id).count().get_result(conn)
}

/// The same for each of these projects, and how many of them are open.
pub fn count_open(
    conn: &mut DbConn,
    user_id: i64,
    project_ids: &[i64],
) -> QueryResult<HashMap<i64, TaskCounts>> {
    let rows: Vec<(i64, Status, i64)> = live(user_id)
        .filter(tasks::project_id.eq_any(project_ids))
        .group_by((tasks::project_id, tasks::status))
        .select((
            tasks::project_id.assume_not_null(),
            tasks::status,
            count_star(),
        ))
        .load(conn)?;
    let none = project_ids.iter().map(|id| (*id, TaskCounts::default()));
    let mut counts: HashMap<i64, TaskCounts> = none.collect();
    for (project_id, status, tasks) in rows {
        let project = counts.entry(project_id).or_default();
        project.tasks += tasks;
        project.open += if status.is_open() { tasks } else { 0 };
    }
    Ok(counts)
}

/// Puts the project's tasks into the trash.
pub fn trash(
    conn: &mut DbConn,
    user_id: i64,
    project_id: i64,
    deletion: &Deletion,
    now: UtcTime,
) -> QueryResult<usize> {
    diesel::update(of_project(user_id, project_id))
        .set((
            tasks::deleted_at.eq(not_before(now).nullable()),
            tasks::deletion.eq(deletion),
            next_version(now),
        ))
        .execute(conn)
}

/// Takes the project's tasks out of it.
pub fn release(
    conn: &mut DbConn,
    user_id: i64,
    project_id: i64,
    now: UtcTime,
) -> QueryResult<usize> {
    diesel::update(of_project(user_id, project_id))
        .set((tasks::project_id.eq(None::<i64>), next_version(now)))
        .execute(conn)
}

/// How many tasks [`restore`] would bring back.
pub fn count_trashed(conn: &mut DbConn, user_id: i64, deletion: &Deletion) -> QueryResult<i64> {
    of_deletion(user_id, deletion).count().get_result(conn)
}

/// A task outside the trash that has the external id of one that [`restore`] would bring back: that id, and its own.
pub fn holder(
    conn: &mut DbConn,
    user_id: i64,
    deletion: &Deletion,
) -> QueryResult<Option<(String, i64)>> {
    let holders = diesel::alias!(tasks as holders);
    let (owner, name, state) = (
        holders.field(tasks::user_id),
        holders.field(tasks::external_id),
        holders.field(tasks::deleted_at),
    );
    let same = owner.eq(user_id).and(name.eq(tasks::external_id));
    of_deletion(user_id, deletion)
        .inner_join(holders.on(same))
        .filter(state.is_null())
        .order(tasks::id)
        .limit(1)
        .select((name.assume_not_null(), holders.field(tasks::id)))
        .get_result(conn)
        .optional()
}

/// Makes those top-level that [`restore`] would bring back without their parents. A parent that came back before has
/// brought all below it along; what is left below it was not in the same deletion.
pub fn release_orphans(conn: &mut DbConn, user_id: i64, deletion: &Deletion) -> QueryResult<usize> {
    let parents = diesel::alias!(tasks as parents);
    let come_back = parents
        .filter(parents.field(tasks::user_id).eq(user_id))
        .filter(parents.field(tasks::id).nullable().eq(tasks::parent_id))
        .filter(parents.field(tasks::deletion).eq(deletion))
        .filter(parents.field(tasks::deleted_at).is_not_null());
    let orphans = of_deletion(user_id, deletion)
        .filter(tasks::parent_id.is_not_null())
        .filter(not(exists(come_back)));
    diesel::update(orphans)
        .set(tasks::parent_id.eq(None::<i64>))
        .execute(conn)
}

/// Takes the tasks of a deletion out of the trash. Errors: `UniqueViolation` where an external id is in use.
pub fn restore(
    conn: &mut DbConn,
    user_id: i64,
    deletion: &Deletion,
    now: UtcTime,
) -> QueryResult<usize> {
    diesel::update(of_deletion(user_id, deletion))
        .set((
            tasks::deleted_at.eq(None::<UtcTime>),
            tasks::deletion.eq(None::<Deletion>),
            next_version(now),
        ))
        .execute(conn)
}
