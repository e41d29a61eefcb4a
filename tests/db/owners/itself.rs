//! That the checker refuses what it must, and nothing else.

use super::{binds::Sent, checker::check, functions::functions};
use crate::support::runner::Engine;

crate::cases![
    what_forgets_the_owner_is_refused,
    what_names_the_owner_passes,
    values_are_told_apart,
    functions_that_take_a_connection_are_found,
];

/// Whose statements these are.
const OWNER: i64 = 61;

/// Each with its values, as Diesel shows them.
const REFUSED: &[&str] = &[
    "SELECT * FROM tasks WHERE id = $1 -- binds: [61]",
    "SELECT * FROM tasks",
    "SELECT count(*) FROM tasks WHERE deleted_at IS NULL",
    // The value is someone else's, or not the owner's id at all.
    "SELECT * FROM tasks WHERE user_id = $1 -- binds: [62]",
    "SELECT * FROM tasks WHERE user_id = $2 -- binds: [61, 7]",
    "SELECT * FROM tasks WHERE user_id = 61",
    "SELECT * FROM tasks WHERE user_id = user_id",
    // Less than an equality that must hold.
    "SELECT * FROM tasks WHERE user_id = $1 OR id = $2 -- binds: [61, 7]",
    "SELECT * FROM tasks WHERE NOT (user_id = $1) -- binds: [61]",
    "SELECT * FROM tasks WHERE (user_id = $1) IS NOT FALSE -- binds: [61]",
    "SELECT * FROM tasks WHERE user_id >= $1 -- binds: [61]",
    "SELECT * FROM tasks WHERE coalesce(user_id = $1, true) -- binds: [61]",
    "SELECT * FROM tasks WHERE user_id + 0 = $1 -- binds: [61]",
    "SELECT count(*) FROM tasks GROUP BY status HAVING max(user_id) = $1 -- binds: [61]",
    // One side of a join.
    "SELECT * FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.user_id = $1 -- binds: [61]",
    "SELECT * FROM refresh_tokens t, sessions s WHERE s.id = t.session_id AND t.user_id = $1 -- binds: [61]",
    "SELECT * FROM tasks a JOIN tasks b ON a.user_id = a.user_id WHERE b.user_id = $1 -- binds: [61]",
    "SELECT * FROM tasks a LEFT JOIN tasks b ON b.user_id = $1 WHERE a.user_id = $1 -- binds: [61]",
    "SELECT * FROM tasks NATURAL JOIN sessions WHERE tasks.user_id = $1 -- binds: [61]",
    "SELECT * FROM users u JOIN sessions s ON s.user_id = u.id WHERE u.email = $1 -- binds: [\"61\"]",
    // Somewhere inside alone.
    "UPDATE tasks SET title = 'x' WHERE id IN (SELECT id FROM tasks WHERE user_id = $1) -- binds: [61]",
    "DELETE FROM tasks WHERE id = ANY (ARRAY(SELECT id FROM tasks WHERE user_id = $1)) -- binds: [61]",
    "SELECT * FROM tasks WHERE EXISTS (SELECT 1 FROM sessions WHERE user_id = $1) -- binds: [61]",
    // Everywhere but inside.
    "SELECT * FROM tasks WHERE user_id = $1 AND id IN (SELECT id FROM tasks) -- binds: [61]",
    "SELECT (SELECT count(*) FROM sessions) FROM tasks WHERE user_id = $1 -- binds: [61]",
    "SELECT * FROM tasks WHERE user_id = $1 AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = tasks.id) -- binds: [61]",
    "SELECT * FROM tasks WHERE user_id = $1 ORDER BY (SELECT max(id) FROM tasks) -- binds: [61]",
    "SELECT * FROM tasks WHERE user_id = $1 LIMIT (SELECT count(*) FROM tasks) -- binds: [61]",
    "SELECT id FROM tasks WHERE user_id = $1 UNION ALL SELECT id FROM tasks -- binds: [61]",
    "WITH a AS (SELECT * FROM tasks) SELECT * FROM a WHERE user_id = $1 -- binds: [61]",
    "SELECT * FROM (SELECT * FROM tasks) AS a WHERE user_id = $1 -- binds: [61]",
    // A name of the outer statement where the inner one has none of its own that is certain.
    "SELECT * FROM tasks WHERE user_id = $1 AND id IN (SELECT s.id FROM sessions s, (SELECT 1 AS user_id) AS d WHERE d.user_id = $1) -- binds: [61]",
    "UPDATE tasks SET title = v.column2 FROM (VALUES ($1, 'x')) AS v WHERE tasks.id = v.column1 -- binds: [61]",
    "UPDATE tasks SET user_id = $1 WHERE id = $2 -- binds: [61, 7]",
    "DELETE FROM sessions WHERE id = $1 -- binds: [7]",
    "DELETE FROM sessions -- binds: []",
    "INSERT INTO tasks (title) VALUES ($1) -- binds: [61]",
    "INSERT INTO tasks VALUES ($1) -- binds: [61]",
    "INSERT INTO tasks (user_id, title) VALUES ($1, 'x'), ($2, 'y') -- binds: [61, 62]",
    "INSERT INTO tasks (title, user_id) SELECT $1, $2 WHERE true -- binds: [61, 62]",
    "INSERT INTO tasks (user_id, title) SELECT user_id, title FROM tasks -- binds: []",
    // Ways to write that are not known here, and tables.
    "SELECT * FROM secrets WHERE user_id = $1 -- binds: [61]",
    "TRUNCATE tasks",
    "SELECT * FROM (tasks a JOIN tasks b ON a.user_id = b.user_id) AS c WHERE a.user_id = $1 -- binds: [61]",
    "SELECT * FROM (tasks a JOIN tasks b ON a.id = b.id) WHERE a.user_id = $1 -- binds: [61]",
];

const TAKEN: &[&str] = &[
    "SELECT * FROM tasks WHERE user_id = $1 AND id = $2 -- binds: [61, 7]",
    "SELECT * FROM tasks WHERE $1 = user_id -- binds: [61]",
    "SELECT * FROM tasks WHERE ((user_id = $1)) AND (id = 7 OR id = 8) -- binds: [61]",
    "SELECT * FROM tasks WHERE (user_id = $1) IS TRUE -- binds: [61]",
    "SELECT \"tasks\".\"id\" FROM \"tasks\" WHERE ((\"tasks\".\"user_id\" = $2) AND (\"tasks\".\"title\" = $1)) -- binds: [\"a, [b\", 61]",
    "SELECT * FROM tasks WHERE user_id = $1 FOR NO KEY UPDATE -- binds: [61]",
    "SELECT * FROM refresh_tokens t JOIN sessions s ON s.user_id = t.user_id AND s.id = t.session_id WHERE t.user_id = $1 -- binds: [61]",
    "SELECT * FROM refresh_tokens t, sessions s, tasks a WHERE a.user_id = s.user_id AND s.user_id = t.user_id AND t.user_id = $1 -- binds: [61]",
    "SELECT * FROM users u JOIN sessions s ON s.user_id = u.id WHERE u.id = $1 -- binds: [61]",
    "SELECT * FROM tasks WHERE user_id = $1 AND EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = tasks.user_id) -- binds: [61]",
    "WITH a AS (SELECT * FROM tasks WHERE user_id = $1) SELECT * FROM a UNION ALL SELECT * FROM a -- binds: [61]",
    "SELECT f.* FROM (VALUES ('todo')) AS arm (s) CROSS JOIN LATERAL (SELECT * FROM tasks WHERE user_id = $1 AND status = s) AS f -- binds: [61]",
    "SELECT * FROM (tasks a JOIN tasks b ON a.user_id = b.user_id) WHERE a.user_id = $1 -- binds: [61]",
    "UPDATE tasks SET title = v.column2 FROM (VALUES ($1, 'x')) AS v WHERE tasks.user_id = $2 AND tasks.id = v.column1 -- binds: [7, 61]",
    "DELETE FROM tasks WHERE user_id = $1 AND id IN (SELECT id FROM tasks WHERE user_id = $1) -- binds: [61]",
    "INSERT INTO tasks (title, user_id) VALUES ('x', $1) -- binds: [61]",
    "INSERT INTO tasks (user_id, title) SELECT $1, 'x' WHERE true ON CONFLICT DO NOTHING RETURNING id -- binds: [61]",
    "SELECT * FROM users WHERE email = $1 -- binds: [\"a\"]",
    "SELECT hits FROM throttles WHERE bucket = $1 -- binds: [[1, 2]]",
    "SELECT 1",
];

/// Of the inverted index, which only SQLite has.
const REFUSED_INDEX: &[&str] = &[
    "SELECT rowid FROM task_search",
    "SELECT rowid FROM task_search WHERE task_search MATCH ? -- binds: [\"\\\"62:milk\\\" *\"]",
    "SELECT rowid FROM task_search WHERE task_search MATCH ? -- binds: [\"\\\"61:milk\\\" OR \\\"6:milk\\\"\"]",
    "SELECT rowid FROM task_search WHERE task_search MATCH ? -- binds: [\"\\\"611:milk\\\"\"]",
    "SELECT rowid FROM task_search WHERE task_search MATCH ? -- binds: [\"milk\"]",
    "SELECT * FROM tasks WHERE id IN (SELECT rowid FROM task_search WHERE task_search MATCH ?) -- binds: [\"\\\"61:milk\\\"\"]",
];

const TAKEN_INDEX: &[&str] = &[
    "SELECT * FROM tasks WHERE `user_id` = ? AND id IN (SELECT rowid FROM task_search WHERE task_search MATCH ?) -- binds: [61, \"(\\\"61#AB\\\") AND (\\\"61.milk\\\" *)\"]",
    "SELECT id FROM task_search CROSS JOIN tasks NOT INDEXED ON tasks.id = task_search.rowid WHERE user_id = ? AND task_search MATCH ? -- binds: [61, \"\\\"61:milk\\\"\"]",
    "SELECT id FROM task_search CROSS JOIN tasks NOT INDEXED ON tasks.id = task_search.rowid WHERE user_id = ? AND 1 = 0 -- binds: [61]",
    "SELECT id FROM tasks INDEXED BY tasks_due_idx WHERE user_id = ? -- binds: [61]",
];

fn faults(engine: Engine, shown: &str) -> Vec<String> {
    check(engine, &Sent::parse(shown), OWNER).faults
}

async fn what_forgets_the_owner_is_refused(engine: Engine) {
    let index = if engine == Engine::Sqlite {
        REFUSED_INDEX
    } else {
        &[]
    };
    for statement in REFUSED.iter().chain(index) {
        assert!(!faults(engine, statement).is_empty(), "{statement}");
    }
}

async fn what_names_the_owner_passes(engine: Engine) {
    let index = if engine == Engine::Sqlite {
        TAKEN_INDEX
    } else {
        &[]
    };
    for statement in TAKEN.iter().chain(index) {
        assert_eq!(faults(engine, statement), [""; 0], "{statement}");
    }
}

async fn values_are_told_apart(_: Engine) {
    let shown = "SELECT ?, ' ? ', ? -- binds: [Time(1, 2), \"a, \\\"]\", [1, 2], None]";
    let sent = Sent::parse(shown);
    assert_eq!(sent.sql, "SELECT $1, ' ? ', $2");
    assert_eq!(sent.binds, ["Time(1, 2)", "\"a, \\\"]\"", "[1, 2]", "None"]);
    assert_eq!(sent.value("$3"), Some("[1, 2]"));
    assert_eq!((sent.value("$0"), sent.value("$5")), (None, None));
}

async fn functions_that_take_a_connection_are_found(_: Engine) {
    let source = "
        pub fn a(conn: &mut DbConn) {}
        pub(crate) fn b<T: Into<i64>>(id: T, conn: &mut DbConn) -> QueryResult<()> { Ok(()) }
        impl S { pub const fn c(&self, conn: &mut PgConnection) {} }
        fn private(conn: &mut DbConn) {}
        pub fn looks(conn: &DbConn) -> bool { true }
        pub struct T; fn hidden(conn: &mut DbConn) {}
        // pub fn comment(conn: &mut DbConn) {}
        #[cfg(test)] mod tests { pub fn test(conn: &mut DbConn) {} }
        #[inline]
        pub fn d(conn: &mut DbConn) {}
    ";
    let found: Vec<String> = functions(source).collect();
    assert_eq!(found, ["a", "b", "c", "d"]);
}
