//! Labels of many tasks at once. They stand in the tasks themselves, as one text.

use diesel::{dsl::case_when, prelude::*, sql_types::Timestamp};

use super::{list::full_text::has_label, tasks::live};
use crate::{
    db::DbConn,
    models::{
        label::{LabelName, Labels},
        time::UtcTime,
    },
    schema::tasks,
};

/// How many of the owner's tasks outside the trash have the label.
pub fn count(conn: &mut DbConn, user_id: i64, name: &LabelName) -> QueryResult<i64> {
    live(user_id)
        .filter(has_label(conn, user_id, name, None))
        .count()
        .get_result(conn)
}

/// At most `most` of the owner's tasks outside the trash that have the label: their ids and labels. On
/// PostgreSQL their rows are locked until the transaction ends.
pub fn lock(
    conn: &mut DbConn,
    user_id: i64,
    name: &LabelName,
    most: i64,
) -> QueryResult<Vec<(i64, Labels)>> {
    let rows = live(user_id)
        .filter(has_label(conn, user_id, name, Some(most)))
        .limit(most)
        .select((tasks::id, tasks::labels));
    match conn {
        DbConn::Postgres(c) => rows.for_update().load(c),
        DbConn::Sqlite(c) => rows.load(c),
    }
}

/// Gives the owner's tasks with these ids other labels, and so another version.
pub fn set(
    conn: &mut DbConn,
    user_id: i64,
    ids: &[i64],
    labels: &Labels,
    now: UtcTime,
) -> QueryResult<usize> {
    let rows = tasks::table
        .filter(tasks::user_id.eq(user_id))
        .filter(tasks::id.eq_any(ids));
    let now = now.into_sql::<Timestamp>();
    diesel::update(rows)
        .set((
            tasks::labels.eq(labels),
            tasks::version.eq(tasks::version + 1),
            // For a reader, time does not run backwards.
            tasks::updated_at
                .eq(case_when(tasks::updated_at.lt(now), now).otherwise(tasks::updated_at)),
        ))
        .execute(conn)
}
