//! Checks that the engines make themselves, and those that no constraint can express. All of it only reads.

use diesel::{connection::SimpleConnection, prelude::*};

use crate::{
    db::{
        DbConn,
        query::{number, texts},
        tables::{EPOCHS, WITH_IDS},
    },
    models::{blockers::Blockers, integrity::FAULTS_MAX},
    schema::tasks,
};

/// How many were checked, and the faults.
pub type Checked = QueryResult<(i64, Vec<String>)>;

/// Makes a transaction of PostgreSQL see one snapshot to its end, and write nothing: to be called first in it.
/// SQLite's do so by themselves.
pub fn freeze(conn: &mut DbConn) -> QueryResult<()> {
    if let DbConn::Postgres(conn) = conn {
        conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
    }
    Ok(())
}

/// How many rows a table has.
pub fn count(conn: &mut DbConn, table: &str) -> QueryResult<i64> {
    number(conn, &format!("SELECT COUNT(*) FROM {table}"))
}

/// By a query for the number, and one for the faults.
fn queried(conn: &mut DbConn, count: &str, faults: &str) -> Checked {
    Ok((number(conn, count)?, texts(conn, faults)?))
}

/// The pages of an SQLite file by its own check: structure, indexes against tables, the inverted index. It passes by
/// CHECK constraints, which SQLite does not read of a file that is opened read-only.
pub fn pages(conn: &mut DbConn) -> Checked {
    let count = number(conn, "PRAGMA page_count")?;
    let mut faults = texts(conn, &format!("PRAGMA integrity_check({FAULTS_MAX})"))?;
    faults.retain(|line| line != "ok");
    let lines = faults.iter().flat_map(|fault| fault.lines());
    let lines = lines.filter(|line| !line.is_empty());
    Ok((count, lines.map(str::to_owned).collect()))
}

/// The foreign keys of an SQLite file.
pub fn foreign_keys(conn: &mut DbConn) -> Checked {
    queried(
        conn,
        "SELECT COUNT(*) FROM sqlite_master m, pragma_foreign_key_list(m.name) WHERE m.type = 'table'",
        &format!(
            "SELECT \"table\" || ' (row ' || COALESCE(rowid, '?') || ') points to no row of ' || parent \
             FROM pragma_foreign_key_check LIMIT {FAULTS_MAX}"
        ),
    )
}

/// SQLite's inverted index has an entry for each task outside the trash, and no other.
pub fn search_index(conn: &mut DbConn) -> Checked {
    const LIVE: &str = "SELECT id FROM tasks WHERE deleted_at IS NULL";
    const INDEXED: &str = "SELECT rowid FROM task_search";
    queried(
        conn,
        &format!("SELECT COUNT(*) FROM ({INDEXED})"),
        &format!(
            "SELECT 'it lacks task ' || id FROM ({LIVE} EXCEPT {INDEXED}) \
             UNION ALL SELECT 'it has ' || rowid || ', which is no task outside the trash' \
             FROM ({INDEXED} EXCEPT {LIVE}) LIMIT {FAULTS_MAX}"
        ),
    )
}

/// The indexes of the service on PostgreSQL, and the columns of each key.
const INDEXES: &str = "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
     CROSS JOIN LATERAL (SELECT string_agg(name, ', ') AS columns, \
                             string_agg(format('(%s) IS NOT NULL', name), ' AND ') AS is_there \
                         FROM generate_series(1, i.indnkeyatts) number, \
                             pg_get_indexdef(i.indexrelid, number, true) name) key \
     WHERE c.relnamespace = quote_ident(current_schema())::regnamespace";

/// The indexes of PostgreSQL: one whose creation failed is neither kept up to date nor used.
pub fn indexes(conn: &mut DbConn) -> Checked {
    queried(
        conn,
        &format!("SELECT COUNT(*) {INDEXES}"),
        &format!(
            "SELECT 'the index ' || c.relname || ' is not valid' {INDEXES} \
             AND NOT (i.indisvalid AND i.indisready) ORDER BY 1 LIMIT {FAULTS_MAX}"
        ),
    )
}

/// The projects and parents of tasks outside the trash are outside it too, and of the same owner; a subtask is in the
/// project of its parent.
pub fn references(conn: &mut DbConn) -> Checked {
    let missing = |name: &str, table: &str| {
        format!(
            "SELECT 'task ' || t.id || ': its {name} ' || t.{name}_id || ' is none of its owner outside the trash' \
             FROM tasks t LEFT JOIN {table} r ON r.user_id = t.user_id AND r.id = t.{name}_id AND r.deleted_at IS NULL \
             WHERE t.deleted_at IS NULL AND t.{name}_id IS NOT NULL AND r.id IS NULL"
        )
    };
    queried(
        conn,
        "SELECT COUNT(*) FROM tasks \
         WHERE deleted_at IS NULL AND (project_id IS NOT NULL OR parent_id IS NOT NULL)",
        &format!(
            "{} UNION ALL {} UNION ALL \
             SELECT 'task ' || t.id || ' is in another project than its parent' \
             FROM tasks t JOIN tasks p ON p.user_id = t.user_id AND p.id = t.parent_id \
             WHERE t.deleted_at IS NULL AND p.deleted_at IS NULL \
             AND t.project_id IS DISTINCT FROM p.project_id LIMIT {FAULTS_MAX}",
            missing("project", "projects"),
            missing("parent", "tasks")
        ),
    )
}

/// No task outside the trash has as many others above it as there may be `levels`, as one in a cycle has.
pub fn subtasks(conn: &mut DbConn, levels: usize) -> Checked {
    const SUBTASK: &str = "deleted_at IS NULL AND parent_id IS NOT NULL";
    queried(
        conn,
        &format!("SELECT COUNT(*) FROM tasks WHERE {SUBTASK}"),
        &format!(
            "WITH RECURSIVE above(user_id, id, parent_id, level) AS ( \
                 SELECT user_id, id, parent_id, 2 FROM tasks WHERE {SUBTASK} \
                 UNION ALL SELECT a.user_id, a.id, t.parent_id, a.level + 1 FROM above a \
                 JOIN tasks t ON t.user_id = a.user_id AND t.id = a.parent_id \
                 WHERE t.deleted_at IS NULL AND t.parent_id IS NOT NULL AND a.level <= {levels}) \
             SELECT 'task ' || id || ' is at a level below {levels}, or in a cycle' \
             FROM above WHERE level > {levels} ORDER BY id LIMIT {FAULTS_MAX}"
        ),
    )
}

/// All tasks that name others as blockers, in the trash or not, with these.
pub fn blockers(conn: &mut DbConn) -> QueryResult<Vec<(i64, Blockers)>> {
    tasks::table
        .filter(tasks::blocked_by.ne(Blockers::default()))
        .select((tasks::id, tasks::blocked_by))
        .load(conn)
}

/// The epoch of the database, without which no task has an entity tag.
pub fn epoch(conn: &mut DbConn) -> Checked {
    queried(
        conn,
        &format!("SELECT COUNT(*) FROM {EPOCHS}"),
        &format!(
            "SELECT 'there is none: `task-api renew-epoch` makes one' \
             WHERE NOT EXISTS (SELECT * FROM {EPOCHS})"
        ),
    )
}

/// Keys of PostgreSQL that are there more than once although their index is unique, as one lets in whose order has
/// changed. The index itself would not show them, so that the tables are read.
pub fn unique_keys(conn: &mut DbConn) -> Checked {
    conn.batch_execute(
        "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; \
         SET LOCAL enable_bitmapscan = off",
    )?;
    let queries = texts(
        conn,
        &format!(
            "SELECT format('SELECT format(''%%s keys of %%s are there more than once'', count(*), %L) \
                 FROM (SELECT FROM %s WHERE %s GROUP BY %s HAVING count(*) > 1) again HAVING count(*) > 0', \
                 c.relname, i.indrelid::regclass, \
                 concat_ws(' AND ', key.is_there, pg_get_expr(i.indpred, i.indrelid)), key.columns) \
             {INDEXES} AND i.indisunique ORDER BY c.relname"
        ),
    )?;
    let mut faults = Vec::new();
    for query in &queries {
        faults.extend(texts(conn, query)?);
    }
    Ok((queries.len() as i64, faults))
}

/// Tables whose next id was given out before.
pub fn ids(conn: &mut DbConn) -> Checked {
    let mut faults = Vec::new();
    for name in WITH_IDS {
        let given = match conn {
            DbConn::Postgres(_) => format!(
                "SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {name}_id_seq"
            ),
            DbConn::Sqlite(_) => format!("SELECT seq FROM sqlite_sequence WHERE name = '{name}'"),
        };
        let query = format!(
            "SELECT '{name}: the next id was given out already' \
             WHERE COALESCE((SELECT MAX(id) FROM {name}), 0) > COALESCE(({given}), 0)"
        );
        faults.extend(texts(conn, &query)?);
    }
    Ok((WITH_IDS.len() as i64, faults))
}
