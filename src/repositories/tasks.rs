//! The table of tasks. Its first key column is the owner, and so is every statement's.

use diesel::{
    prelude::*,
    result::Error,
    sql_types::{BigInt, Nullable, SmallInt, Text, Timestamp},
};
use serde::Serialize;

use super::statement::{Statement, is_postgres};
use crate::{
    db::DbConn,
    models::{label::Labels, task::Task, time::UtcTime, words},
    schema::tasks,
};

/// The columns of a [`Task`], in its order.
pub const COLUMNS: &str = "id, user_id, title, description, status, priority, due_at, version, completed_at, created_at, updated_at, labels, external_id, deleted_at, title_key";

/// The types of [`COLUMNS`].
pub type TaskColumns = (
    BigInt,
    BigInt,
    Text,
    Nullable<Text>,
    Text,
    SmallInt,
    Nullable<Timestamp>,
    BigInt,
    Nullable<Timestamp>,
    Timestamp,
    Timestamp,
    Text,
    Nullable<Text>,
    Nullable<Timestamp>,
    Text,
);

/// Where to look for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among those that are not in the trash.
    Live,
    Trash,
}

/// A task and what is to become of it: the same id, a later version.
pub struct Change<'a> {
    pub before: &'a Task,
    pub after: &'a Task,
}

/// A task as the statement that inserts it reads it: the rows travel as one JSON text, whose length is
/// no matter of the statement's, so that one prepared statement stores one task or a hundred.
#[derive(Serialize)]
struct NewRow<'a> {
    user_id: i64,
    title: &'a str,
    description: Option<&'a str>,
    status: &'a str,
    priority: i16,
    due_at: Option<String>,
    version: i64,
    completed_at: Option<String>,
    created_at: String,
    updated_at: String,
    labels: String,
    external_id: Option<&'a str>,
    title_key: &'a str,
    words: String,
    indexed_version: i64,
}

impl<'a> NewRow<'a> {
    fn of(task: &'a Task, postgres: bool) -> Self {
        let time = |time: UtcTime| time.to_sql_text(postgres);
        Self {
            user_id: task.user_id,
            title: &task.title,
            description: task.description.as_deref(),
            status: task.status.as_str(),
            priority: task.priority.rank(),
            due_at: task.due_at.map(time),
            version: task.version,
            completed_at: task.completed_at.map(time),
            created_at: time(task.created_at),
            updated_at: time(task.updated_at),
            labels: task.labels.to_text(),
            external_id: task.external_id.as_deref(),
            title_key: &task.title_key,
            words: words::index_text(&task.title, task.description.as_deref()),
            indexed_version: task.version,
        }
    }
}

const INSERT: &str = "INSERT INTO tasks (user_id, title, description, status, priority, due_at, \
    version, completed_at, created_at, updated_at, labels, external_id, title_key, words, \
    indexed_version) ";

/// What stands before and after the rows on PostgreSQL.
const ROWS_POSTGRES: [&str; 2] = [
    "SELECT * FROM json_to_recordset(",
    "::json) AS new (user_id bigint, title text, description text, status text, \
     priority smallint, due_at timestamp, version bigint, completed_at timestamp, \
     created_at timestamp, updated_at timestamp, labels text, external_id text, \
     title_key text, words text, indexed_version bigint)",
];

/// What stands before and after the rows on SQLite.
const ROWS_SQLITE: [&str; 2] = [
    "SELECT value ->> 'user_id', value ->> 'title', value ->> 'description', \
     value ->> 'status', value ->> 'priority', value ->> 'due_at', value ->> 'version', \
     value ->> 'completed_at', value ->> 'created_at', value ->> 'updated_at', \
     value ->> 'labels', value ->> 'external_id', value ->> 'title_key', value ->> 'words', \
     value ->> 'indexed_version' \
     FROM json_each(",
    ") WHERE true",
];

/// Stores new tasks of one owner in their order, in one statement, and gives them their ids. One whose
/// external id is in use is left out, and keeps the id 0.
pub fn insert(conn: &mut DbConn, new: &mut [Task]) -> QueryResult<()> {
    let postgres = is_postgres(conn);
    let rows: Vec<NewRow<'_>> = new.iter().map(|t| NewRow::of(t, postgres)).collect();
    let rows = serde_json::to_string(&rows).map_err(|e| Error::SerializationError(e.into()))?;
    let [before, after] = if postgres { ROWS_POSTGRES } else { ROWS_SQLITE };
    let mut statement = Statement::<(BigInt, Nullable<Text>)>::new(INSERT).cached(true);
    statement.sql(before).text(rows).sql(after);
    statement.sql(" ON CONFLICT DO NOTHING RETURNING id, external_id");
    let mut stored: Vec<(i64, Option<String>)> = statement.load(conn)?;
    // Ids are given out in the order of the rows; the clause may leave some out, but only ones
    // with an external id, which names its row.
    stored.sort_unstable();
    let mut stored = stored.into_iter().peekable();
    for task in new {
        let own = stored.next_if(|(_, external_id)| *external_id == task.external_id);
        task.id = own.map_or(0, |(id, _)| id);
    }
    Ok(())
}

/// The owner's task with this id.
pub fn find(conn: &mut DbConn, user_id: i64, id: i64, place: Place) -> QueryResult<Option<Task>> {
    let mut statement = select(user_id).cached(true);
    statement.sql(" AND id = ").int(id);
    let found: Option<Task> = statement.get_result(conn).optional()?;
    let here = |task: &Task| task.deleted_at.is_some() == (place == Place::Trash);
    Ok(found.filter(here))
}

/// The owner's tasks with these ids, in the trash or not. On PostgreSQL they stay as they are until
/// the transaction ends; on SQLite whoever may write is alone.
pub fn lock(conn: &mut DbConn, user_id: i64, ids: &[i64]) -> QueryResult<Vec<Task>> {
    let mut statement = select(user_id);
    statement.sql(" AND id IN (");
    statement.list(ids, |statement, id| {
        statement.int(*id);
    });
    // Everyone locks in the same order, so that nobody waits in a circle.
    statement.sql(") ORDER BY id");
    if is_postgres(conn) {
        statement.sql(" FOR UPDATE");
    }
    statement.load(conn)
}

/// The owner's tasks outside the trash with these external ids.
pub fn find_external(
    conn: &mut DbConn,
    user_id: i64,
    external_ids: &[String],
) -> QueryResult<Vec<Task>> {
    let mut statement = select(user_id);
    statement.sql(" AND deleted_at IS NULL AND external_id IN (");
    statement.list(external_ids, |statement, id| {
        statement.text(id.as_str());
    });
    statement.sql(")");
    statement.load(conn)
}

fn select(user_id: i64) -> Statement<TaskColumns> {
    let mut statement = Statement::new(format!("SELECT {COLUMNS} FROM tasks WHERE user_id = "));
    statement.int(user_id);
    statement
}

/// Writes the changes of one owner's tasks, in one statement, and returns the ids of those that still
/// had the version that they are changed from: the check and the write are one step. Errors:
/// `UniqueViolation` where an external id is in use.
pub fn save(conn: &mut DbConn, user_id: i64, changes: &[Change<'_>]) -> QueryResult<Vec<i64>> {
    let mut statement = Statement::<BigInt>::new(
        "UPDATE tasks SET title = v.column3, description = v.column4, status = v.column5, \
         priority = v.column6, due_at = v.column7, version = v.column8, completed_at = v.column9, \
         created_at = v.column10, updated_at = v.column11, labels = v.column12, \
         external_id = v.column13, deleted_at = v.column14, \
         title_key = coalesce(v.column15, title_key), words = coalesce(v.column16, words), \
         indexed_version = CASE WHEN v.column16 IS NOT NULL OR indexed_version = version \
         THEN v.column8 ELSE indexed_version END \
         FROM (VALUES ",
    )
    .cached(changes.len() == 1);
    statement.list(changes, |statement, Change { before, after }| {
        statement
            .sql("(")
            .int(before.id)
            .sql(", ")
            .int(before.version)
            .sql(", ");
        push_content(statement, after);
        statement.sql(", ").nullable_time(after.deleted_at);
        // What is indexed already, and does not change, is left alone.
        let rewritten = before.title != after.title || before.description != after.description;
        let index =
            rewritten.then(|| words::index_text(&after.title, after.description.as_deref()));
        let key = rewritten.then(|| words::fold_case(&after.title).into_owned());
        statement.sql(", ").nullable_text(key);
        statement.sql(", ").nullable_text(index).sql(")");
    });
    statement.sql(") AS v WHERE tasks.user_id = ").int(user_id);
    statement.sql(" AND tasks.id = v.column1 AND tasks.version = v.column2 RETURNING id");
    statement.load(conn)
}

/// The columns from `title` to `external_id`.
fn push_content<Row>(statement: &mut Statement<Row>, task: &Task) {
    statement.text(task.title.as_str()).sql(", ");
    statement.nullable_text(task.description.clone()).sql(", ");
    statement.text(task.status.as_str()).sql(", ");
    statement.small(task.priority.rank()).sql(", ");
    statement.nullable_time(task.due_at).sql(", ");
    statement.int(task.version).sql(", ");
    statement.nullable_time(task.completed_at).sql(", ");
    statement.time(task.created_at).sql(", ");
    statement.time(task.updated_at).sql(", ");
    statement.text(task.labels.to_text()).sql(", ");
    statement.nullable_text(task.external_id.clone());
}

/// How many of the owner's tasks outside the trash have each set of labels, those without any left out.
pub fn count_label_sets(conn: &mut DbConn, user_id: i64) -> QueryResult<Vec<(Labels, i64)>> {
    const COUNT: &str =
        "SELECT labels, count(*) FROM tasks WHERE deleted_at IS NULL AND user_id = ";
    let mut statement = Statement::<(Text, BigInt)>::new(COUNT).cached(true);
    statement.int(user_id);
    if is_postgres(conn) {
        // In the words of its two indexes.
        statement.sql(" AND labels <> '' AND octet_length(labels) <= 2000 GROUP BY labels");
        statement.sql(" UNION ALL ").sql(COUNT).int(user_id);
        statement.sql(" AND octet_length(labels) > 2000 GROUP BY labels");
    } else {
        statement.sql(" AND labels <> '' GROUP BY labels");
    }
    statement.load(conn)
}

/// The owner's trash, last trashed first: at most `count` of those trashed before `place`.
pub fn trash(
    conn: &mut DbConn,
    user_id: i64,
    place: Option<(UtcTime, i64)>,
    count: i64,
) -> QueryResult<Vec<Task>> {
    let mut statement = select(user_id).cached(true);
    statement.sql(" AND deleted_at IS NOT NULL");
    if let Some((deleted_at, id)) = place {
        statement.sql(" AND (deleted_at, id) < (").time(deleted_at);
        statement.sql(", ").int(id).sql(")");
    }
    statement
        .sql(" ORDER BY deleted_at DESC, id DESC LIMIT ")
        .int(count);
    statement.load(conn)
}

/// Deletes a task of the owner's trash for good, provided that it has `version`; false where it is
/// not so.
pub fn purge(conn: &mut DbConn, user_id: i64, id: i64, version: i64) -> QueryResult<bool> {
    let trashed = tasks::user_id
        .eq(user_id)
        .and(tasks::id.eq(id))
        .and(tasks::version.eq(version))
        .and(tasks::deleted_at.is_not_null());
    Ok(diesel::delete(tasks::table.filter(trashed)).execute(conn)? == 1)
}

/// Deletes all of the owner's trash for good.
pub fn purge_all(conn: &mut DbConn, user_id: i64) -> QueryResult<usize> {
    let trash = tasks::user_id
        .eq(user_id)
        .and(tasks::deleted_at.is_not_null());
    diesel::delete(tasks::table.filter(trash)).execute(conn)
}
