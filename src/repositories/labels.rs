//! Labels of many tasks at once. They stand in the tasks themselves: a list of names with commas
//! between, which each engine takes apart in its own way.

use diesel::{QueryResult, RunQueryDsl, sql_types::BigInt};

use super::{
    search::Question,
    statement::{Statement, is_postgres},
};
use crate::{
    db::DbConn,
    models::{label::LabelName, time::UtcTime},
};

/// How many of the owner's tasks outside the trash have the label.
pub fn count(conn: &mut DbConn, user_id: i64, name: &LabelName) -> QueryResult<i64> {
    let mut statement = Statement::<BigInt>::new("SELECT count(*) FROM tasks");
    push_labelled(&mut statement, user_id, name, is_postgres(conn));
    statement.get_result(conn)
}

/// Calls the label `new` on all of the owner's tasks outside the trash that have it, or takes it away
/// from them. Returns how many there were; each has a new version.
pub fn replace(
    conn: &mut DbConn,
    user_id: i64,
    old: &LabelName,
    new: Option<&LabelName>,
    now: UtcTime,
) -> QueryResult<usize> {
    let postgres = is_postgres(conn);
    let locked = match postgres {
        true => Some(lock(conn, user_id, old)?),
        false => None,
    };
    let mut statement = Statement::<()>::new("UPDATE tasks SET labels = ");
    match postgres {
        true => push_postgres(&mut statement, old, new),
        false => push_sqlite(&mut statement, old, new),
    }
    let latest = if postgres { "greatest" } else { "max" };
    statement.sql(format!(
        ", version = version + 1, indexed_version = indexed_version + 1, updated_at = {latest}(updated_at, "
    ));
    statement.time(now).sql(")");
    match locked {
        None => push_labelled(&mut statement, user_id, old, postgres),
        Some(ids) => {
            // One value, for there may be more of them than a statement takes.
            let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
            statement.sql(" WHERE user_id = ").int(user_id);
            statement
                .sql(" AND id = ANY (string_to_array(")
                .text(ids.join(","))
                .sql(", ',')::bigint[])");
        }
    }
    statement.execute(conn)
}

/// The tasks that have the label, which stay as they are until the transaction ends. All are locked
/// before any is written: a change that wants an external id in use has its own row, and waits for
/// the row with that id once it is written, so whoever writes must have no row left to wait for.
fn lock(conn: &mut DbConn, user_id: i64, name: &LabelName) -> QueryResult<Vec<i64>> {
    let mut statement = Statement::<BigInt>::new("SELECT id FROM tasks");
    push_labelled(&mut statement, user_id, name, true);
    statement.sql(" ORDER BY id FOR UPDATE");
    statement.load(conn)
}

/// From the row alone.
fn push_postgres(statement: &mut Statement<()>, old: &LabelName, new: Option<&LabelName>) {
    statement.sql("array_to_string(ARRAY(SELECT DISTINCT name COLLATE \"C\" FROM unnest(");
    match new {
        Some(new) => statement
            .sql("array_replace(string_to_array(labels, ','), ")
            .text(old.as_str())
            .sql(", ")
            .text(new.as_str()),
        None => statement
            .sql("array_remove(string_to_array(labels, ','), ")
            .text(old.as_str()),
    };
    statement.sql(")) AS name ORDER BY 1), ',')");
}

fn push_sqlite(statement: &mut Statement<()>, old: &LabelName, new: Option<&LabelName>) {
    statement.sql("coalesce((SELECT group_concat(name, ',' ORDER BY name) FROM (SELECT DISTINCT ");
    match new {
        Some(new) => statement
            .sql("iif(value = ")
            .text(old.as_str())
            .sql(", ")
            .text(new.as_str())
            .sql(", value) AS name"),
        None => statement.sql("value AS name"),
    };
    statement.sql(" FROM json_each('[' || replace(json_quote(labels), ',', '\",\"') || ']')");
    if new.is_none() {
        statement.sql(" WHERE value <> ").text(old.as_str());
    }
    statement.sql(")), '')");
}

fn push_labelled<Row>(
    statement: &mut Statement<Row>,
    user_id: i64,
    name: &LabelName,
    postgres: bool,
) {
    statement.sql(" WHERE user_id = ").int(user_id);
    statement.sql(" AND deleted_at IS NULL AND ");
    Question::labels(user_id, [name]).push(statement, postgres);
}
