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
    let applied = applied(conn)?;
    let mut pending = embedded(conn)?;
    pending.retain(|version| !applied.contains(version));
    Ok(pending)
}

/// The versions that are applied but not embedded, in order: those of a newer binary, or of something
/// else. Errors: as [`pending`].
pub fn unknown(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    let embedded = embedded(conn)?;
    let mut unknown: Vec<String> = applied(conn)?.into_iter().collect();
    unknown.retain(|version| !embedded.contains(version));
    Ok(unknown)
}

/// The versions that are applied, in order. Errors: as [`pending`].
pub fn applied(conn: &mut DbConn) -> QueryResult<BTreeSet<String>> {
    let applied: Vec<Applied> =
        sql_query("SELECT version FROM __diesel_schema_migrations").load(conn)?;
    Ok(applied.into_iter().map(|row| row.version).collect())
}

fn embedded(conn: &DbConn) -> QueryResult<Vec<String>> {
    let embedded = match conn {
        DbConn::Postgres(_) => versions::<PgConnection>(POSTGRES),
        DbConn::Sqlite(_) => versions::<SqliteConnection>(SQLITE),
    };
    embedded.map_err(diesel::result::Error::QueryBuilderError)
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
