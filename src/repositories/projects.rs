//! The table of projects. Its first key column is the owner, and so is every statement's.

use diesel::{
    dsl::{self, case_when},
    prelude::*,
    sql_types::Timestamp,
};

use super::{
    epochs,
    query::{columns, delete_some},
};
use crate::{
    db::DbConn,
    models::{
        epoch::Epoch,
        order_key::OrderKey,
        project::{NewProject, Project, Ranked},
        time::UtcTime,
    },
    schema::projects,
};

/// The owner's projects outside the trash.
#[dsl::auto_type]
fn live(user_id: i64) -> _ {
    projects::table
        .filter(projects::user_id.eq(user_id))
        .filter(projects::deleted_at.is_null())
}

/// Stores a project. Errors: `ForeignKeyViolation` where the owner is gone.
pub fn insert(conn: &mut DbConn, new: &NewProject) -> QueryResult<Project> {
    diesel::insert_into(projects::table)
        .values(new)
        .returning(columns::<Project>())
        .get_result(conn)
}

/// How many projects the owner has outside the trash.
pub fn count(conn: &mut DbConn, user_id: i64) -> QueryResult<i64> {
    live(user_id).count().get_result(conn)
}

/// The owner's project with this id outside the trash.
pub fn find(conn: &mut DbConn, user_id: i64, id: i64) -> QueryResult<Option<Project>> {
    live(user_id)
        .filter(projects::id.eq(id))
        .select(columns::<Project>())
        .get_result(conn)
        .optional()
}

/// The owner's projects with these ids outside the trash, in any order.
pub fn find_all(conn: &mut DbConn, user_id: i64, ids: &[i64]) -> QueryResult<Vec<Project>> {
    live(user_id)
        .filter(projects::id.eq_any(ids))
        .select(columns::<Project>())
        .load(conn)
}

/// Those of these ids that are of the owner's projects outside the trash.
pub fn live_among(conn: &mut DbConn, user_id: i64, ids: &[i64]) -> QueryResult<Vec<i64>> {
    live(user_id)
        .filter(projects::id.eq_any(ids))
        .select(projects::id)
        .load(conn)
}

/// The owner's project with this id, in the trash or not, and the epoch. On PostgreSQL its row is locked until the
/// transaction ends; on SQLite there is one writer at a time.
pub fn lock(conn: &mut DbConn, user_id: i64, id: i64) -> QueryResult<Option<(Project, Epoch)>> {
    let row = projects::table
        .find((user_id, id))
        .select((columns::<Project>(), epochs::current()));
    let found = match conn {
        DbConn::Postgres(c) => row.for_update().get_result(c),
        DbConn::Sqlite(c) => row.get_result(c),
    };
    found.optional()
}

/// The owner's projects outside the trash in their order, all or those that are archived or not.
pub fn order(conn: &mut DbConn, user_id: i64, archived: Option<bool>) -> QueryResult<Vec<Ranked>> {
    let places = live(user_id).select((projects::id, projects::position));
    let found: Vec<(i64, Option<OrderKey>)> = match archived {
        Some(archived) => places.filter(projects::archived.eq(archived)).load(conn)?,
        None => places.load(conn)?,
    };
    let ranked = found.into_iter().map(|(id, position)| {
        let key = position.unwrap_or_else(|| OrderKey::of_id(id));
        Ranked { key, id }
    });
    let mut ranked: Vec<Ranked> = ranked.collect();
    ranked.sort_unstable();
    Ok(ranked)
}

/// Writes the next version of a project that [`lock`] has found.
pub fn save(conn: &mut DbConn, next: &Project) -> QueryResult<usize> {
    diesel::update(projects::table.find((next.user_id, next.id)))
        .set(next)
        .execute(conn)
}

/// Gives a project of the owner's another position, and so another version.
pub fn set_position(
    conn: &mut DbConn,
    user_id: i64,
    id: i64,
    key: &OrderKey,
    now: UtcTime,
) -> QueryResult<usize> {
    let now = now.into_sql::<Timestamp>();
    diesel::update(projects::table.find((user_id, id)))
        .set((
            projects::position.eq(key),
            projects::version.eq(projects::version + 1),
            // For a reader, time does not run backwards.
            projects::updated_at
                .eq(case_when(projects::updated_at.lt(now), now).otherwise(projects::updated_at)),
        ))
        .execute(conn)
}

/// The owner's trash, last trashed first: at most `most` of those after the one that was trashed at this time
/// and has this id.
pub fn trash(
    conn: &mut DbConn,
    user_id: i64,
    after: Option<(UtcTime, i64)>,
    most: i64,
) -> QueryResult<Vec<Project>> {
    let trash = projects::table
        .filter(projects::user_id.eq(user_id))
        .filter(projects::deleted_at.is_not_null())
        .order((projects::deleted_at.desc(), projects::id.desc()))
        .limit(most)
        .select(columns::<Project>());
    let Some((at, id)) = after else {
        return trash.load(conn);
    };
    // The first condition is the one that bounds the scan of the index.
    trash
        .filter(projects::deleted_at.le(at))
        .filter(projects::deleted_at.lt(at).or(projects::id.lt(id)))
        .load(conn)
}

/// Deletes a project for good that [`lock`] has found.
pub fn purge(conn: &mut DbConn, user_id: i64, id: i64) -> QueryResult<usize> {
    diesel::delete(projects::table.find((user_id, id))).execute(conn)
}

/// Deletes at most `most` projects of the owner's trash for good, of those that were trashed at `until` or earlier.
/// Returns how many.
pub fn purge_some(
    conn: &mut DbConn,
    user_id: i64,
    until: UtcTime,
    most: i64,
) -> QueryResult<usize> {
    delete_some!(conn, projects::id, user_id, most, deleted_at.le(until))
}
