//! How tasks hang together: statements that follow references from row to row, for which Diesel's query language has no
//! `WITH RECURSIVE`.

use diesel::{
    QueryResult, RunQueryDsl,
    sql_types::{BigInt, Nullable, Text},
};

use super::{
    dialect::Dialect,
    statement::{Sql, Statement, bind, join, sql},
};
use crate::{
    db::DbConn,
    models::{
        blockers::{Blockers, SEARCH_MAX},
        order_key::OrderKey,
    },
};

/// A task and its parent.
pub type Link = (i64, Option<i64>);

/// All tasks outside the trash of the trees in which the owner's tasks with these ids are.
pub fn trees(conn: &mut DbConn, user_id: i64, ids: &[i64]) -> QueryResult<Vec<Link>> {
    let by_parent = Dialect::of(conn).by_parent;
    let owner = || bind::<BigInt, _>(user_id);
    let sql = sql![
        "WITH RECURSIVE path (id, parent_id) AS (SELECT id, parent_id FROM tasks WHERE user_id = ",
        owner(),
        " AND deleted_at IS NULL AND id IN (",
        list(ids),
        ") UNION SELECT t.id, t.parent_id FROM path JOIN tasks t ON t.user_id = ",
        owner(),
        " AND t.id = path.parent_id), tree (id, parent_id) AS (SELECT id, parent_id FROM path \
         WHERE parent_id IS NULL UNION ALL SELECT t.id, t.parent_id FROM tree JOIN ",
        by_parent,
        " ON t.user_id = ",
        owner(),
        " AND t.parent_id = tree.id AND t.deleted_at IS NULL) SELECT id, parent_id FROM tree",
    ];
    Statement::<(BigInt, Nullable<BigInt>)>::new(sql, ids.len() == 1).load(conn)
}

/// The owner's tasks by which those with these ids are blocked, directly or not, and these themselves, in the trash or not,
/// each with its blockers: at most [`SEARCH_MAX`] for each of `ids`, and one more.
pub fn blockers(conn: &mut DbConn, user_id: i64, ids: &[i64]) -> QueryResult<Vec<(i64, Blockers)>> {
    let each = Dialect::of(conn).each_blocker;
    let owner = || bind::<BigInt, _>(user_id);
    let sql = sql![
        "WITH RECURSIVE found (id) AS (SELECT id FROM tasks WHERE user_id = ",
        owner(),
        " AND id IN (",
        list(ids),
        ") UNION SELECT b.value FROM found JOIN tasks t ON t.user_id = ",
        owner(),
        " AND t.id = found.id CROSS JOIN ",
        each,
        ") SELECT t.id, t.blocked_by FROM (SELECT id FROM found",
        format!(" LIMIT {}", SEARCH_MAX * ids.len() + 1),
        ") AS first JOIN tasks t ON t.user_id = ",
        owner(),
        " AND t.id = first.id",
    ];
    Statement::<(BigInt, Text)>::new(sql, false).load(conn)
}

/// A side of a place in the order by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Before,
    After,
}

impl Side {
    /// The other one.
    pub fn opposite(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }
}

/// The next of the owner's tasks outside the trash on a side of a place in the order by hand, at most `limit`, the nearest
/// first.
pub fn neighbours(
    conn: &mut DbConn,
    user_id: i64,
    (key, id): &(OrderKey, i64),
    side: Side,
    limit: usize,
) -> QueryResult<Vec<(OrderKey, i64)>> {
    let Dialect {
        order_key,
        by_order_key: table,
        ..
    } = *Dialect::of(conn);
    let (past, direction) = match side {
        Side::Before => (" < ", " DESC"),
        Side::After => (" > ", " ASC"),
    };
    let place = || bind::<Text, _>(key.clone());
    let sql = sql![
        "SELECT ",
        order_key,
        ", id FROM ",
        table,
        " WHERE user_id = ",
        bind::<BigInt, _>(user_id),
        " AND deleted_at IS NULL AND ",
        order_key,
        past.trim_end(),
        "= ",
        place(),
        " AND (",
        order_key,
        past,
        place(),
        " OR id",
        past,
        bind::<BigInt, _>(*id),
        ") ORDER BY ",
        order_key,
        direction,
        ", id",
        direction,
        format!(" LIMIT {limit}"),
    ];
    Statement::<(Text, BigInt)>::new(sql, limit == 1).load(conn)
}

fn list(ids: &[i64]) -> Sql {
    join(ids.iter().map(|id| bind::<BigInt, _>(*id)), ", ")
}
