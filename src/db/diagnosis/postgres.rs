//! What a PostgreSQL server tells about itself and the role.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Bool, Text},
};

use super::ask;
use crate::db::DbConn;

/// The tables that the service reads and writes.
pub const TABLES: [&str; 8] = [
    "idempotency_keys",
    "personal_tokens",
    "refresh_tokens",
    "security_events",
    "sessions",
    "tasks",
    "throttles",
    "users",
];

/// The server and what it allows the database to be.
#[derive(Debug, QueryableByName)]
pub struct Server {
    #[diesel(sql_type = Text)]
    pub version: String,
    /// Such as 150000 for 15.0.
    #[diesel(sql_type = BigInt)]
    pub version_number: i64,
    #[diesel(sql_type = Text)]
    pub encoding: String,
    /// A standby, or set so for this role or database.
    #[diesel(sql_type = Bool)]
    pub read_only: bool,
}

/// How many connections there may be.
#[derive(Debug, QueryableByName)]
pub struct Connections {
    /// Of the whole server, without those kept for superusers.
    #[diesel(sql_type = BigInt)]
    pub most: i64,
    /// By the narrowest limit: the server's, the database's or the role's.
    #[diesel(sql_type = BigInt)]
    pub free: i64,
}

/// Version, encoding and whether it can be written to.
pub fn server(conn: &mut DbConn) -> QueryResult<Server> {
    let sql = "SELECT current_setting('server_version') AS version,
               current_setting('server_version_num')::bigint AS version_number,
               current_setting('server_encoding') AS encoding,
               pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS read_only";
    ask::observe(conn, |conn| sql_query(sql).get_result(conn))
}

/// Limits and use.
pub fn connections(conn: &mut DbConn) -> QueryResult<Connections> {
    let sql = "WITH server AS (SELECT current_setting('max_connections')::bigint
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
              GROUP BY r.rolconnlimit)))::bigint AS free
         FROM server";
    ask::observe(conn, |conn| sql_query(sql).get_result(conn))
}

/// What the role may not do of what the service does, such as `INSERT on tasks`; tables that are not
/// there yet are passed by.
pub fn missing_privileges(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    let sql = format!(
        "SELECT privilege || ' on ' || name AS text
         FROM unnest(ARRAY['{}']) AS name,
              unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
         WHERE NOT has_table_privilege(to_regclass(name)::oid, privilege)
         UNION ALL
         SELECT 'SELECT on __diesel_schema_migrations'
         WHERE NOT has_table_privilege(to_regclass('__diesel_schema_migrations')::oid, 'SELECT')
         UNION ALL
         SELECT 'USAGE on a schema of the search path' WHERE current_schema() IS NULL
         ORDER BY 1",
        TABLES.join("','")
    );
    ask::texts(conn, &sql)
}

/// What the role lacks to apply migrations: it makes tables and alters those that are there.
pub fn missing_for_migrations(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    let sql = format!(
        "SELECT 'CREATE on the schema ' || current_schema() AS text
         WHERE NOT has_schema_privilege(current_schema(), 'CREATE')
         UNION ALL
         SELECT 'ownership of ' || c.relname FROM pg_class c
         JOIN unnest(ARRAY['{}']) AS name ON c.oid = to_regclass(name)
         WHERE NOT pg_has_role(c.relowner, 'USAGE')
         ORDER BY 1",
        TABLES.join("','")
    );
    ask::texts(conn, &sql)
}

/// Indexes that are not used, since their making was broken off.
pub fn invalid_indexes(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    ask::texts(
        conn,
        "SELECT c.relname::text AS text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace ORDER BY 1",
    )
}

/// The server's clock, in milliseconds since 1970.
pub fn clock(conn: &mut DbConn) -> QueryResult<i64> {
    ask::number(
        conn,
        "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS number",
    )
}
