//! The migrations, embedded in the binary: one tree for each engine.

use std::collections::BTreeSet;

use diesel::{
    Connection, PgConnection, QueryResult, RunQueryDsl, SqliteConnection, backend::Backend,
    connection::SimpleConnection, deserialize::QueryableByName, migration::MigrationSource,
    sql_query, sql_types::Text,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::DbConn;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Names the advisory lock under which copies of the service migrate: "task-api" in ASCII.
const ADVISORY_LOCK: i64 = 0x7461_736b_2d61_7069;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Applies what is pending, all or nothing, and returns the names applied. Copies that start at
/// the same time wait for each other.
pub fn run_pending(conn: &mut DbConn) -> Result<Vec<String>, Failure> {
    match conn {
        DbConn::Postgres(conn) => conn.transaction(|conn| {
            conn.batch_execute(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))?;
            apply(conn, POSTGRES)
        }),
        DbConn::Sqlite(conn) => conn.immediate_transaction(|conn| apply(conn, SQLITE)),
    }
}

fn apply<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
) -> Result<Vec<String>, Failure> {
    let applied = conn.run_pending_migrations(source)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// The versions that are embedded but not applied, in order. It only reads; a database that was
/// never migrated answers with an error.
pub fn pending(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    let applied: Vec<Applied> =
        sql_query("SELECT version FROM __diesel_schema_migrations").load(conn)?;
    let applied: BTreeSet<String> = applied.into_iter().map(|row| row.version).collect();
    let embedded = match conn {
        DbConn::Postgres(_) => versions::<PgConnection>(POSTGRES),
        DbConn::Sqlite(_) => versions::<SqliteConnection>(SQLITE),
    };
    let embedded = embedded.map_err(diesel::result::Error::QueryBuilderError)?;
    Ok(embedded
        .into_iter()
        .filter(|version| !applied.contains(version))
        .collect())
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    version: String,
}

fn versions<C: Connection>(source: EmbeddedMigrations) -> Result<Vec<String>, Failure> {
    let migrations = MigrationSource::<C::Backend>::migrations(&source)?;
    Ok(migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
}
