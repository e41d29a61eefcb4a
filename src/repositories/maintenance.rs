//! Statements of the background job. They are the only ones across owners: each takes a bounded
//! number of rows, and passes by rows that another copy of the service has in hand.

use diesel::{QueryResult, RunQueryDsl, sql_types::BigInt};

use super::{
    statement::{Statement, is_postgres},
    tasks::{COLUMNS, TaskColumns},
};
use crate::{
    db::DbConn,
    models::{task::Task, time::UtcTime, words},
};

/// For PostgreSQL: leaves out rows that someone else has in hand, so that nobody waits for anyone.
const SKIP_LOCKED: &str = " FOR UPDATE SKIP LOCKED";

/// Deletes at most `most` tasks that went to the trash at `before` or earlier. Returns how many.
pub fn purge_trash(conn: &mut DbConn, before: UtcTime, most: i64) -> QueryResult<usize> {
    let mut statement = Statement::<()>::new(
        "DELETE FROM tasks WHERE (user_id, id) IN (SELECT user_id, id FROM tasks WHERE deleted_at <= ",
    );
    statement.time(before).sql(" ORDER BY deleted_at");
    push_limit(&mut statement, most, is_postgres(conn));
    statement.execute(conn)
}

/// Deletes at most `most` answers that were stored at `before` or earlier. Returns how many.
pub fn purge_keys(conn: &mut DbConn, before: UtcTime, most: i64) -> QueryResult<usize> {
    let mut statement = Statement::<()>::new(
        "DELETE FROM idempotency_keys WHERE (user_id, key) IN (SELECT user_id, key FROM idempotency_keys WHERE created_at <= ",
    );
    statement.time(before).sql(" ORDER BY created_at");
    push_limit(&mut statement, most, is_postgres(conn));
    statement.execute(conn)
}

/// Makes the words and the title's key of at most `most` tasks whose own are of another version: those
/// from before the columns, and those that an older copy of the service writes. Returns how many. In a transaction.
pub fn index_tasks(conn: &mut DbConn, most: i64) -> QueryResult<usize> {
    let mut select = Statement::<TaskColumns>::new(format!(
        "SELECT {COLUMNS} FROM tasks WHERE indexed_version <> version"
    ));
    select.sql(" LIMIT ").int(most);
    if is_postgres(conn) {
        select.sql(SKIP_LOCKED);
    }
    let found: Vec<Task> = select.load(conn)?;
    if found.is_empty() {
        return Ok(0);
    }
    let mut update = Statement::<BigInt>::new(
        "UPDATE tasks SET title_key = v.column3, words = v.column4, indexed_version = version FROM (VALUES ",
    );
    update.list(&found, |update, task| {
        update.sql("(").int(task.user_id).sql(", ").int(task.id);
        update.sql(", ").text(words::fold_case(&task.title));
        let index = words::index_text(&task.title, task.description.as_deref());
        update.sql(", ").text(index).sql(")");
    });
    update.sql(
        ") AS v WHERE tasks.user_id = v.column1 AND tasks.id = v.column2 \
         RETURNING id",
    );
    update.load::<i64>(conn)?;
    Ok(found.len())
}

fn push_limit(statement: &mut Statement<()>, most: i64, postgres: bool) {
    statement.sql(" LIMIT ").int(most);
    if postgres {
        statement.sql(SKIP_LOCKED);
    }
    statement.sql(")");
}
