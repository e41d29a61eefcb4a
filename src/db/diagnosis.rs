//! The state of a database, as it reports it itself; nothing is written. The first half is about PostgreSQL, the
//! second about SQLite.

use diesel::{
    QueryResult, RunQueryDsl,
    dsl::sql,
    sql_types::{BigInt, Bool, Text},
};

use super::{
    connection::DbConn,
    query::{number, texts},
    tables,
};

/// Most damages of an SQLite file that are returned.
const DAMAGES_MAX: u8 = 5;

/// A PostgreSQL server.
#[derive(Debug)]
pub struct Server {
    pub version: String,
    /// Such as 150000 for 15.0.
    pub version_number: i64,
    pub encoding: String,
    /// A standby, or set so for this role or database.
    pub is_read_only: bool,
}

/// How many connections a PostgreSQL server takes.
#[derive(Debug)]
pub struct Connections {
    /// Of the whole server, without those kept for superusers.
    pub most: i64,
    /// By the narrowest limit: the server's, the database's or the role's.
    pub free: i64,
}

/// Version, encoding and whether it can be written to.
pub fn server(conn: &mut DbConn) -> QueryResult<Server> {
    let query =
        "SELECT current_setting('server_version'), current_setting('server_version_num')::bigint,
         current_setting('server_encoding'),
         pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean";
    let (version, version_number, encoding, is_read_only) =
        sql::<(Text, BigInt, Text, Bool)>(query).get_result(conn)?;
    Ok(Server {
        version,
        version_number,
        encoding,
        is_read_only,
    })
}

/// Limits and use.
pub fn connections(conn: &mut DbConn) -> QueryResult<Connections> {
    let query = "WITH server AS (SELECT current_setting('max_connections')::bigint
                     - current_setting('superuser_reserved_connections')::bigint
                     - coalesce(current_setting('reserved_connections', true)::bigint, 0) AS most)
         SELECT most, greatest(0, least(
             most - (SELECT sum(numbackends)::bigint FROM pg_stat_database),
             (SELECT d.datconnlimit - s.numbackends FROM pg_database d
              JOIN pg_stat_database s ON s.datid = d.oid
              WHERE d.datname = current_database() AND d.datconnlimit >= 0),
             (SELECT r.rolconnlimit - count(a.pid) FROM pg_roles r
              LEFT JOIN pg_stat_activity a ON a.usesysid = r.oid
              WHERE r.rolname = current_user AND r.rolconnlimit >= 0
              GROUP BY r.rolconnlimit)))::bigint
         FROM server";
    let (most, free) = sql::<(BigInt, BigInt)>(query).get_result(conn)?;
    Ok(Connections { most, free })
}

/// The privileges that the role lacks and the service needs, such as `INSERT on tasks`; tables that do not exist
/// yet are passed by.
pub fn missing_privileges(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    let query = format!(
        "SELECT privilege || ' on ' || name
         FROM unnest(ARRAY['{}']) AS name,
              unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
         WHERE NOT has_table_privilege(to_regclass(name)::oid, privilege)
         UNION ALL
         SELECT 'SELECT on __diesel_schema_migrations'
         WHERE NOT has_table_privilege(to_regclass('__diesel_schema_migrations')::oid, 'SELECT')
         UNION ALL
         SELECT 'USAGE on a schema of the search path' WHERE current_schema() IS NULL
         ORDER BY 1",
        tables::names().join("','")
    );
    texts(conn, &query)
}

/// The privileges that the role lacks to apply migrations, which create and alter tables.
pub fn missing_for_migrations(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    let query = format!(
        "SELECT 'CREATE on the schema ' || current_schema()
         WHERE NOT has_schema_privilege(current_schema(), 'CREATE')
         UNION ALL
         SELECT 'ownership of ' || c.relname FROM pg_class c
         JOIN unnest(ARRAY['{}']) AS name ON c.oid = to_regclass(name)
         WHERE NOT pg_has_role(c.relowner, 'USAGE')
         ORDER BY 1",
        tables::names().join("','")
    );
    texts(conn, &query)
}

/// Indexes that are not used, since their creation failed.
pub fn invalid_indexes(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    texts(
        conn,
        "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace ORDER BY 1",
    )
}

/// The server's clock, in milliseconds since 1970.
pub fn clock(conn: &mut DbConn) -> QueryResult<i64> {
    number(
        conn,
        "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
    )
}

/// The version of SQLite in this binary.
pub fn sqlite_version(conn: &mut DbConn) -> QueryResult<String> {
    Ok(texts(conn, "SELECT sqlite_version()")?.concat())
}

/// The damages of an SQLite file's pages. It reads the whole file.
pub fn damages(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    let mut found = texts(conn, &format!("PRAGMA quick_check({DAMAGES_MAX})"))?;
    found.retain(|line| line != "ok");
    Ok(found)
}

/// How many rows of an SQLite file refer to rows that do not exist.
pub fn orphans(conn: &mut DbConn) -> QueryResult<i64> {
    number(conn, "SELECT count(*) FROM pragma_foreign_key_check")
}

/// By how many milliseconds the newest account or security event of an SQLite file is ahead of this machine's clock;
/// negative where it lies in the past, and where there is none.
pub fn lead_of_data(conn: &mut DbConn) -> QueryResult<i64> {
    number(
        conn,
        "SELECT CAST(coalesce((julianday(max(at)) - julianday('now')) * 86400000, -1) AS INTEGER)
         FROM (SELECT max(created_at) AS at FROM security_events
               UNION ALL SELECT created_at FROM users WHERE id = (SELECT max(id) FROM users))",
    )
}
