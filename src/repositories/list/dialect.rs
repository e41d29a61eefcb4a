//! What statements are made of, where the engines differ.

use crate::db::DbConn;

/// Fragments of SQL for one engine.
pub struct Dialect {
    /// The order key of a task, in the text of the indexes on it.
    pub order_key: &'static str,
    /// The function for the position of a text in another; 0 where it is not in it.
    pub find: &'static str,
    /// The blockers of the task, found by their ids: ` FROM … WHERE …`.
    pub blockers: &'static str,
    /// The blockers of the task `t`, as rows `b (value)`.
    pub each_blocker: &'static str,
    /// The tasks by their parents, as `t`. SQLite is told the index.
    pub by_parent: &'static str,
    /// The tasks by their order keys.
    pub by_order_key: &'static str,
}

impl Dialect {
    /// That of the connection's engine.
    pub fn of(conn: &DbConn) -> &'static Self {
        match conn {
            DbConn::Postgres(_) => &POSTGRES,
            DbConn::Sqlite(_) => &SQLITE,
        }
    }
}

pub const POSTGRES: Dialect = Dialect {
    order_key: "coalesce(position, chr(96 + length(id::text)) || id::text)",
    find: "strpos",
    blockers: " FROM tasks AS blocker \
               WHERE blocker.id = ANY (string_to_array(tasks.blocked_by, ',')::bigint[])",
    each_blocker: "unnest(string_to_array(t.blocked_by, ',')::bigint[]) AS b (value)",
    by_parent: "tasks t",
    by_order_key: "tasks",
};

pub const SQLITE: Dialect = Dialect {
    order_key: "coalesce(position, char(96 + length(id)) || id)",
    find: "instr",
    // Else SQLite's planner would look through all tasks that are open.
    blockers: " FROM tasks AS blocker NOT INDEXED \
               WHERE blocker.id IN (SELECT value FROM json_each('[' || tasks.blocked_by || ']'))",
    each_blocker: "json_each('[' || t.blocked_by || ']') AS b",
    by_parent: "tasks t INDEXED BY tasks_parent_idx",
    by_order_key: "tasks INDEXED BY tasks_position_idx",
};
