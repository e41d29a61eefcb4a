//! Tasks, read one after the other for checks that SQL cannot make.

use diesel::{
    QueryResult, RunQueryDsl,
    sql_types::{BigInt, Bool, Text},
};

use crate::{db::DbConn, repositories::statement::Statement};

/// How many tasks are read at a time.
const PAGE: i64 = 2000;

/// What the checks need of a task.
#[derive(Debug, Clone)]
pub struct Indexed {
    pub user_id: i64,
    pub id: i64,
    /// As the table holds them.
    pub labels: String,
    /// As the table holds them.
    pub words: String,
    /// It is in the trash, and so in no index.
    pub trashed: bool,
}

/// The next tasks of all owners after `last` (owner and id), by owner and id; none at the end.
pub fn next(conn: &mut DbConn, last: (i64, i64)) -> QueryResult<Vec<Indexed>> {
    let mut statement = Statement::<(BigInt, BigInt, Text, Text, Bool)>::new(
        "SELECT user_id, id, labels, words, deleted_at IS NOT NULL FROM tasks WHERE (user_id, id) > (",
    )
    .cached(true);
    statement.int(last.0).sql(", ").int(last.1);
    statement.sql(") ORDER BY user_id, id LIMIT ").int(PAGE);
    let rows: Vec<(i64, i64, String, String, bool)> = statement.load(conn)?;
    let task = |(user_id, id, labels, words, trashed)| Indexed {
        user_id,
        id,
        labels,
        words,
        trashed,
    };
    Ok(rows.into_iter().map(task).collect())
}
