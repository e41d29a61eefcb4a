//! A PostgreSQL server, and the privileges of the role on it.

use std::time::SystemTime;

use super::{
    check::{CheckResult, Outcome},
    database::unanswered,
};
use crate::{
    config::settings::DatabaseSettings,
    db::{
        DbConn,
        cancellations::IN_ENGLISH,
        query::judgement,
        tables::{EPOCHS, TABLES},
    },
};

/// What the server is asked.
struct Query {
    check: &'static str,
    /// Returns one row: what is found, and whether that is bad. `{…}` stand for what this machine knows.
    sql: &'static str,
    /// How bad that is, and what to do then.
    bad: Outcome,
    remedy: &'static str,
}

const QUERIES: [Query; 7] = [
    Query {
        check: "encoding",
        sql: "SELECT current_setting('server_encoding'), current_setting('server_encoding') <> 'UTF8'",
        bad: Outcome::Failure,
        remedy: "characters that it does not have are refused: create a database with ENCODING 'UTF8' TEMPLATE template0, \
                 and move the data there",
    },
    Query {
        check: "collation",
        sql: "SELECT coalesce(string_agg(format('%s was made with version %s, and the server has %s', name, recorded,
                    coalesce(actual, 'none')), '; '), 'the order of text has not changed'), count(*) > 0
                FROM (
                    SELECT 'the database', datcollversion, pg_database_collation_actual_version(oid)
                    FROM pg_database WHERE datname = current_database()
                    UNION ALL SELECT format('the collation %I', collname), collversion,
                        pg_collation_actual_version(oid)
                    FROM pg_collation WHERE oid IN (SELECT unnest(indcollation::oid[]) FROM pg_index)
                ) used (name, recorded, actual)
                WHERE recorded IS NOT NULL AND recorded IS DISTINCT FROM actual",
        bad: Outcome::Warning,
        remedy: "the service's own indexes go by code points and are sound; REINDEX those that others have added, run \
                 `task-api verify`, then ALTER DATABASE … REFRESH COLLATION VERSION (or ALTER COLLATION)",
    },
    Query {
        check: "writable",
        sql: "SELECT CASE WHEN read_only
                THEN 'the server takes no writes: it is a standby, or default_transaction_read_only is on'
                ELSE 'the server takes writes' END, read_only
                FROM (SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean
                      AS read_only) server",
        bad: Outcome::Failure,
        remedy: "point DATABASE_URL to the primary (target_session_attrs=read-write), or switch the setting off",
    },
    Query {
        check: "permissions",
        sql: "SELECT coalesce('the role lacks ' || string_agg(privilege, ', ' ORDER BY privilege),
                    'the role has the privileges that the service needs'), count(*) > 0
                FROM (
                    SELECT privilege || ' on ' || name
                    FROM unnest(ARRAY['{tables}']) name,
                         unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) privilege
                    WHERE NOT has_table_privilege(to_regclass(name)::oid, privilege)
                    UNION ALL SELECT 'SELECT on __diesel_schema_migrations'
                    WHERE NOT has_table_privilege(to_regclass('__diesel_schema_migrations')::oid, 'SELECT')
                    UNION ALL SELECT 'USAGE on a schema of the search path' WHERE current_schema() IS NULL
                    UNION ALL SELECT 'CREATE on the schema ' || current_schema()
                    WHERE {is_pending} AND NOT has_schema_privilege(current_schema(), 'CREATE')
                    UNION ALL SELECT 'ownership of ' || c.relname
                    FROM pg_class c JOIN unnest(ARRAY['{tables}']) name ON c.oid = to_regclass(name)
                    WHERE {is_pending} AND NOT pg_has_role(c.relowner, 'USAGE')
                ) lacks (privilege)",
        bad: Outcome::Failure,
        remedy: "GRANT what it lacks, or connect as the role that owns the tables",
    },
    Query {
        check: "messages",
        sql: "SELECT CASE WHEN {in_english} THEN 'errors are in English'
                ELSE format('errors are in another language: lc_messages is %L', current_setting('lc_messages')) END,
                NOT {in_english}",
        bad: Outcome::Warning,
        remedy: "a full disk and a deadlock are recognised in English only, and are 500 instead of 503 until a superuser \
                 runs ALTER ROLE … SET lc_messages = 'C' for the service's role",
    },
    Query {
        check: "connections",
        sql: "WITH server AS (SELECT current_setting('max_connections')::bigint
                    - current_setting('superuser_reserved_connections')::bigint
                    - coalesce(current_setting('reserved_connections', true)::bigint, 0) AS most),
                left_over AS (SELECT most, greatest(0, least(
                    most - (SELECT sum(numbackends)::bigint FROM pg_stat_database),
                    (SELECT d.datconnlimit - s.numbackends FROM pg_database d
                     JOIN pg_stat_database s ON s.datid = d.oid
                     WHERE d.datname = current_database() AND d.datconnlimit >= 0),
                    (SELECT r.rolconnlimit - count(a.pid) FROM pg_roles r
                     LEFT JOIN pg_stat_activity a ON a.usesysid = r.oid
                     WHERE r.rolname = current_user AND r.rolconnlimit >= 0
                     GROUP BY r.rolconnlimit))) AS free FROM server)
                SELECT format('of %s, %s are free; a replica of the service takes up to {needed}', most, free),
                    free < {needed} FROM left_over",
        bad: Outcome::Warning,
        remedy: "another replica may find none: raise max_connections (or the limit of role or database), or lower \
                 APP_DATABASE__POOL_SIZE",
    },
    Query {
        check: "clock",
        sql: "SELECT format('this machine''s clock is %s s %s the database''s', round(abs(ahead), 1),
                    CASE WHEN ahead < 0 THEN 'ahead of' ELSE 'behind' END), abs(ahead) > 1
                FROM (SELECT (extract(epoch FROM clock_timestamp()) - {now})::numeric AS ahead) server",
        bad: Outcome::Warning,
        remedy: "set the clocks, and let NTP keep them: sessions and limits go by them",
    },
];

/// Sends all queries. Migrations that are pending need further privileges.
pub fn check(conn: &mut DbConn, settings: &DatabaseSettings, is_pending: bool) -> Vec<CheckResult> {
    let tables = [&TABLES[..], &[EPOCHS]].concat().join("','");
    let results = QUERIES.iter().map(|query| {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let sql = query
            .sql
            .replace("{tables}", &tables)
            .replace("{in_english}", IN_ENGLISH)
            .replace("{is_pending}", &is_pending.to_string())
            .replace("{needed}", &(settings.pool_size + 1).to_string())
            .replace("{now}", &now.as_secs_f64().to_string());
        let &Query {
            check, bad, remedy, ..
        } = query;
        match judgement(conn, &sql) {
            Err(error) => unanswered(check, &error.to_string()),
            Ok((found, false)) => CheckResult::ok(check, found),
            Ok((found, true)) => CheckResult {
                outcome: bad,
                ..CheckResult::warning(check, found, remedy)
            },
        }
    });
    results.collect()
}
