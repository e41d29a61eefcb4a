//! What the conditions on a row are made of, where the engines differ.

/// Fragments of SQL for one engine.
pub struct Dialect {
    /// The order key of a task, in the text of the indexes on it.
    pub order_key: &'static str,
    /// The function for the position of a text in another; 0 where it is not in it.
    pub find: &'static str,
    /// ` … `: that an id is among the blockers of the task.
    pub among_blockers: &'static str,
}

pub const POSTGRES: Dialect = Dialect {
    order_key: "coalesce(position, chr(96 + length(id::text)) || id::text)",
    find: "strpos",
    among_blockers: " = ANY (string_to_array(tasks.blocked_by, ',')::bigint[])",
};

pub const SQLITE: Dialect = Dialect {
    order_key: "coalesce(position, char(96 + length(id)) || id)",
    find: "instr",
    among_blockers: " IN (SELECT value FROM json_each('[' || tasks.blocked_by || ']'))",
};
