//! The table of tasks. Its first key column is the owner, and so is every statement's.

use diesel::{
    Column,
    dsl::{self, count_star, sql},
    prelude::*,
    sql_types::{BigInt, Bool},
};

use super::{
    epochs,
    query::{CachedUpdate, SetExcluded, column_names, columns, delete_some, on_backend},
};
use crate::{
    db::DbConn,
    models::{
        deletion::Deletion,
        epoch::Epoch,
        label::Labels,
        shared_change::Changes,
        status::Status,
        task::{Change, NewTask, Task, TaskTexts},
        time::UtcTime,
    },
    schema::tasks,
};

/// The owner's tasks outside the trash.
#[dsl::auto_type]
pub fn live(user_id: i64) -> _ {
    tasks::table
        .filter(tasks::user_id.eq(user_id))
        .filter(tasks::deleted_at.is_null())
}

/// Stores a task. Errors: `UniqueViolation` where its external id is in use; `ForeignKeyViolation` where the
/// owner is gone.
pub fn insert(conn: &mut DbConn, new: &NewTask) -> QueryResult<Task> {
    diesel::insert_into(tasks::table)
        .values(new)
        .returning(columns::<Task>())
        .get_result(conn)
}

/// Stores tasks of one owner, with ids from [`reserve_ids`], in one statement. Errors: `UniqueViolation` where an
/// external id is in use; `ForeignKeyViolation` where the owner is gone.
pub fn insert_all(conn: &mut DbConn, new: &[&Task]) -> QueryResult<usize> {
    if let [only] = new {
        // The statement of one row is kept prepared.
        return diesel::insert_into(tasks::table)
            .values((*only, only.texts()))
            .execute(conn);
    }
    let rows: Vec<_> = new.iter().map(|task| (*task, task.texts())).collect();
    on_backend!(conn, |c| diesel::insert_into(tasks::table)
        .values(rows)
        .execute(c))
}

/// Ids of tasks to come, in ascending order, which nothing else gets. On SQLite they are reserved as long as the
/// transaction holds the one writer.
pub fn reserve_ids(conn: &mut DbConn, count: usize) -> QueryResult<Vec<i64>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    match conn {
        DbConn::Postgres(c) => {
            let next = "nextval(pg_get_serial_sequence('tasks', 'id')) FROM generate_series(1, ";
            diesel::select(sql::<BigInt>(next).bind::<BigInt, _>(count).sql(")")).load(c)
        }
        DbConn::Sqlite(c) => {
            let last = "coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'tasks'";
            let last: i64 = diesel::select(sql::<BigInt>(last)).get_result(c)?;
            Ok((last + 1..=last + count).collect())
        }
    }
}

/// The owner's task with this id, in the trash or not.
pub fn find(conn: &mut DbConn, user_id: i64, id: i64) -> QueryResult<Option<Task>> {
    let row = tasks::table.find((user_id, id)).select(columns::<Task>());
    on_backend!(conn, |c| row.get_result(c)).optional()
}

/// As [`find`], with the epoch.
pub fn find_with_epoch(
    conn: &mut DbConn,
    user_id: i64,
    id: i64,
) -> QueryResult<Option<(Task, Epoch)>> {
    let row = tasks::table
        .find((user_id, id))
        .select((columns::<Task>(), epochs::current()));
    on_backend!(conn, |c| row.get_result(c)).optional()
}

/// The owner's tasks with these ids, in the trash or not. On PostgreSQL their rows are locked until the
/// transaction ends; on SQLite there is one writer at a time.
pub fn lock(conn: &mut DbConn, user_id: i64, ids: &[i64]) -> QueryResult<Vec<Task>> {
    let rows = tasks::table
        .filter(tasks::user_id.eq(user_id))
        .filter(tasks::id.eq_any(ids))
        // Rows are always locked in the same order: no deadlock.
        .order(tasks::id)
        .select(columns::<Task>());
    match (conn, ids) {
        (DbConn::Postgres(c), _) => rows.for_update().load(c),
        // The statement for one row is kept prepared.
        (DbConn::Sqlite(c), [id]) => {
            let row = tasks::table.find((user_id, id)).select(columns::<Task>());
            row.load(c)
        }
        (DbConn::Sqlite(c), _) => rows.load(c),
    }
}

/// Those of these external ids that tasks of the owner outside the trash have, with the ids of these tasks.
pub fn holders(
    conn: &mut DbConn,
    user_id: i64,
    external_ids: &[String],
) -> QueryResult<Vec<(String, i64)>> {
    live(user_id)
        .filter(tasks::external_id.eq_any(external_ids))
        .select((tasks::external_id.assume_not_null(), tasks::id))
        .load(conn)
}

/// Writes the change if the task still has the version that it is changed from, and returns whether it had:
/// the check and the write are one statement. Errors: `UniqueViolation` where its external id is in use.
pub fn save(conn: &mut DbConn, change: &Change<'_>) -> QueryResult<bool> {
    let Change { before, after } = change;
    let update = CachedUpdate {
        table: "tasks",
        values: (*after, change.texts(), change.relations()).as_changeset(),
        condition: tasks::user_id
            .eq(before.user_id)
            .and(tasks::id.eq(before.id))
            .and(tasks::version.eq(before.version)),
    };
    Ok(update.execute(conn)? == 1)
}

/// Writes changes of tasks that [`lock`] has found, and returns how many, in one statement for all that change alike and
/// one for the rest. Errors: as [`save`].
pub fn save_all(conn: &mut DbConn, user_id: i64, changes: Changes<'_>) -> QueryResult<usize> {
    /// SQLite takes some 32,000 values in a statement.
    const ROWS: usize = 1000;
    let mut saved = 0;
    for ((shared, versions), ids) in changes.shared {
        let rows = tasks::table
            .filter(tasks::user_id.eq(user_id))
            .filter(tasks::id.eq_any(ids));
        saved += diesel::update(rows)
            .set((shared, tasks::version.eq(tasks::version + versions)))
            .execute(conn)?;
    }
    if let [only] = changes.single.as_slice() {
        return Ok(saved + usize::from(save(conn, only)?));
    }
    for changes in changes.single.chunks(ROWS) {
        saved += upsert(conn, changes)?;
    }
    Ok(saved)
}

/// Writes changes of tasks in one statement: one after the other, 100 take four times as long on PostgreSQL. An insertion
/// that meets the row of each is how Diesel says an update of several rows.
fn upsert(conn: &mut DbConn, changes: &[Change<'_>]) -> QueryResult<usize> {
    let unchanged = [
        tasks::id::NAME,
        tasks::user_id::NAME,
        tasks::created_at::NAME,
    ];
    let mut columns = column_names::<Task>();
    columns.retain(|name| !unchanged.contains(&name.as_str()));
    columns.extend(column_names::<TaskTexts>());
    let rows: Vec<_> = changes
        .iter()
        .map(|Change { after, .. }| (*after, after.texts()))
        .collect();
    macro_rules! save {
        ($conn:expr, $key:expr) => {
            diesel::insert_into(tasks::table)
                .values(rows)
                .on_conflict($key)
                .do_update()
                .set(SetExcluded::new(columns))
                .execute($conn)
        };
    }
    match conn {
        DbConn::Postgres(c) => save!(c, (tasks::user_id, tasks::id)),
        // Its key is the id alone, and the index by owner and id is no target for it.
        DbConn::Sqlite(c) => save!(c, tasks::id),
    }
}

/// The owner's tasks that are in the trash since one of these deletions, each with its parent.
pub fn of_deletions(
    conn: &mut DbConn,
    user_id: i64,
    deletions: &[&Deletion],
) -> QueryResult<Vec<(i64, Option<i64>)>> {
    tasks::table
        .filter(tasks::user_id.eq(user_id))
        .filter(tasks::deletion.eq_any(deletions.iter().copied()))
        .select((tasks::id, tasks::parent_id))
        .load(conn)
}

/// Those of the owner's tasks with these ids that are to be done, and outside the trash. The statement has no condition on
/// the status, which would lead SQLite's planner through all tasks that are to be done.
pub fn pending(conn: &mut DbConn, user_id: i64, ids: &[i64]) -> QueryResult<Vec<i64>> {
    let rows = live(user_id)
        .filter(tasks::id.eq_any(ids))
        .order(tasks::id)
        .select((tasks::id, tasks::status));
    let found: Vec<(i64, Status)> = on_backend!(conn, |c| rows.load(c))?;
    let open = found.into_iter().filter(|(_, status)| status.is_open());
    Ok(open.map(|(id, _)| id).collect())
}

/// Takes their external ids away from the owner's tasks with these ids, which are about to get others.
pub fn clear_external_ids(conn: &mut DbConn, user_id: i64, ids: &[i64]) -> QueryResult<usize> {
    let rows = tasks::table
        .filter(tasks::user_id.eq(user_id))
        .filter(tasks::id.eq_any(ids));
    diesel::update(rows)
        .set(tasks::external_id.eq(None::<String>))
        .execute(conn)
}

/// How many of the owner's tasks outside the trash have each set of labels, those without any left out.
pub fn count_label_sets(conn: &mut DbConn, user_id: i64) -> QueryResult<Vec<(Labels, i64)>> {
    let live = live(user_id);
    let counted = (tasks::labels, count_star());
    match conn {
        DbConn::Postgres(c) => {
            // The predicates of the two partial indexes: see the migration.
            let short = sql::<Bool>("labels <> '' AND octet_length(labels) <= 2000");
            let long = sql::<Bool>("octet_length(labels) > 2000");
            let short = live.filter(short).group_by(tasks::labels).select(counted);
            let long = live.filter(long).group_by(tasks::labels).select(counted);
            short.union_all(long).load(c)
        }
        DbConn::Sqlite(c) => {
            let labelled = live.filter(sql::<Bool>("labels <> ''"));
            labelled.group_by(tasks::labels).select(counted).load(c)
        }
    }
}

/// The owner's trash, last trashed first: at most `most` of those after the one that was trashed at this time
/// and has this id.
pub fn trash(
    conn: &mut DbConn,
    user_id: i64,
    after: Option<(UtcTime, i64)>,
    most: i64,
) -> QueryResult<Vec<Task>> {
    let trash = tasks::table
        .filter(tasks::user_id.eq(user_id))
        .filter(tasks::deleted_at.is_not_null())
        .order((tasks::deleted_at.desc(), tasks::id.desc()))
        .limit(most)
        .select(columns::<Task>());
    let Some((at, id)) = after else {
        return trash.load(conn);
    };
    // The first condition is the one that bounds the scan of the index.
    trash
        .filter(tasks::deleted_at.le(at))
        .filter(tasks::deleted_at.lt(at).or(tasks::id.lt(id)))
        .load(conn)
}

/// Deletes a task of the owner's trash for good if it has `version`, and returns whether it had.
pub fn purge(conn: &mut DbConn, user_id: i64, id: i64, version: i64) -> QueryResult<bool> {
    let trashed = tasks::table
        .find((user_id, id))
        .filter(tasks::version.eq(version))
        .filter(tasks::deleted_at.is_not_null());
    Ok(diesel::delete(trashed).execute(conn)? == 1)
}

/// Deletes at most `most` tasks of the owner's trash for good, of those that were trashed at `until` or earlier.
/// Returns how many.
pub fn purge_some(
    conn: &mut DbConn,
    user_id: i64,
    until: UtcTime,
    most: i64,
) -> QueryResult<usize> {
    delete_some!(conn, tasks::id, user_id, most, deleted_at.le(until))
}
