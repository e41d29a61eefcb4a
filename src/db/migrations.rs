//! The migrations, embedded in the binary: one tree for each engine. Diesel's own questions about them make its table
//! where there is none; [`pending`] and [`status`] only read.

use std::collections::BTreeSet;

use diesel::{
    Connection, QueryResult, connection::SimpleConnection, migration::MigrationSource,
    result::Error as DieselError,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    connection::DbConn,
    postgres_session,
    query::{number, texts},
    writer::write,
};
use crate::config::settings::Engine;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Names the advisory lock under which replicas migrate: "task-api" in ASCII.
const ADVISORY_LOCK: i64 = 0x7461_736b_2d61_7069;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Applies what is pending, all or nothing, and returns the names applied. Replicas that start at
/// the same time wait for each other. Errors: as [`tables_elsewhere`]; a migration fails.
pub fn run_pending(conn: &mut DbConn) -> Result<Vec<String>, Failure> {
    write(conn, |conn| {
        lock(conn)?;
        if let Some(found) = tables_elsewhere(conn)? {
            return Err(format!("{found}; {ELSEWHERE_REMEDY}").into());
        }
        let applied = conn.run_pending_migrations(tree(engine(conn)))?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
}

/// What to do where [`tables_elsewhere`] finds something.
pub const ELSEWHERE_REMEDY: &str = "lead search_path back to them (ALTER ROLE … SET search_path = …), or give a second installation \
     a database of its own";

/// Says so where migrations would begin anew in one schema of PostgreSQL while another one has the tables: since the
/// search path was changed, or since there is a schema of the role's name, which comes first.
pub fn tables_elsewhere(conn: &mut DbConn) -> QueryResult<Option<String>> {
    const OF_THE_SERVICE: &str = "'users', 'tasks', 'refresh_tokens', '__diesel_schema_migrations'";
    if let DbConn::Sqlite(_) = conn {
        return Ok(None);
    }
    let found = texts(
        conn,
        &format!(
            "SELECT format('the tables of this service are in the schema %I, but search_path (%s) leads to %s',
                    n.nspname, current_setting('search_path'),
                    coalesce('the schema ' || quote_ident(current_schema()), 'no schema'))
             FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
             WHERE c.relname IN ({OF_THE_SERVICE}) AND n.nspname IS DISTINCT FROM current_schema()
               AND NOT EXISTS (SELECT FROM pg_class own JOIN pg_namespace o ON o.oid = own.relnamespace
                               WHERE o.nspname = current_schema() AND own.relname = 'users')
             GROUP BY n.nspname HAVING count(*) = 4 ORDER BY n.nspname"
        ),
    )?;
    Ok(found.into_iter().next())
}

/// Undoes the latest migration applied, all or nothing. Replicas that migrate
/// meanwhile wait. Errors: `version` is not the latest any more; its `down.sql` fails.
pub fn revert(conn: &mut DbConn, version: &str) -> Result<(), Failure> {
    write(conn, |conn| {
        lock(conn)?;
        let latest = conn.applied_migrations()?.into_iter().next();
        if latest.is_none_or(|latest| latest.to_string() != version) {
            return Err(format!("{version} is not the latest migration any more").into());
        }
        conn.revert_last_migration(tree(engine(conn)))?;
        Ok(())
    })
}

/// Waits for the migrations of others, for as long as they take. SQLite has its write lock.
fn lock(conn: &mut DbConn) -> QueryResult<()> {
    match conn {
        DbConn::Postgres(conn) => {
            // Also through a pooler, where the connection has the time-outs of the role. A trip of its own: each begins
            // with the time-out that it finds.
            conn.batch_execute(&postgres_session::without_time_outs(true))?;
            conn.batch_execute(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        }
        DbConn::Sqlite(_) => Ok(()),
    }
}

/// The versions that are embedded but not applied, in order. A database that was never migrated answers with an
/// error.
pub fn pending(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    let applied = applied(conn)?;
    let embedded = status_of_nothing(engine(conn))?;
    let versions = embedded.into_iter().map(|migration| migration.version);
    Ok(versions
        .filter(|version| !applied.contains(version))
        .collect())
}

/// A migration, as this binary and the database know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    pub version: String,
    /// The version with its title; the version alone where only the database knows it.
    pub name: String,
    pub state: State,
}

/// Where a migration stands; its word for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum State {
    Applied,
    /// Embedded, but not applied.
    Pending,
    /// Applied, but by another version of this program: it is not embedded.
    Unknown,
}

/// All migrations, embedded or applied, in order.
pub fn status(conn: &mut DbConn) -> QueryResult<Vec<Migration>> {
    let mut applied = if was_migrated(conn)? {
        applied(conn)?
    } else {
        BTreeSet::new()
    };
    let mut all = status_of_nothing(engine(conn))?;
    for migration in &mut all {
        if applied.remove(&migration.version) {
            migration.state = State::Applied;
        }
    }
    all.extend(applied.into_iter().map(|version| Migration {
        name: version.clone(),
        version,
        state: State::Unknown,
    }));
    all.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(all)
}

/// The [`status`] of an empty database of the engine.
pub fn status_of_nothing(engine: Engine) -> QueryResult<Vec<Migration>> {
    let embedded = MigrationSource::<<DbConn as Connection>::Backend>::migrations(&tree(engine));
    let embedded = embedded.map_err(DieselError::QueryBuilderError)?;
    let mut all: Vec<Migration> = embedded
        .iter()
        .map(|migration| Migration {
            version: migration.name().version().to_string(),
            name: migration.name().to_string(),
            state: State::Pending,
        })
        .collect();
    all.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(all)
}

/// The versions of those in `all` that are in this state.
pub fn versions(all: &[Migration], state: State) -> Vec<&str> {
    let found = all.iter().filter(|migration| migration.state == state);
    found.map(|migration| migration.version.as_str()).collect()
}

/// The versions that are applied. Errors: as [`pending`].
fn applied(conn: &mut DbConn) -> QueryResult<BTreeSet<String>> {
    let applied = texts(conn, "SELECT version FROM __diesel_schema_migrations")?;
    Ok(applied.into_iter().collect())
}

/// Whether any migration was ever applied.
pub fn was_migrated(conn: &mut DbConn) -> QueryResult<bool> {
    let query = match conn {
        DbConn::Postgres(_) => "SELECT count(to_regclass('__diesel_schema_migrations'))",
        DbConn::Sqlite(_) => {
            "SELECT count(*) FROM sqlite_schema WHERE name = '__diesel_schema_migrations'"
        }
    };
    Ok(number(conn, query)? > 0)
}

fn engine(conn: &DbConn) -> Engine {
    match conn {
        DbConn::Postgres(_) => Engine::Postgres,
        DbConn::Sqlite(_) => Engine::Sqlite,
    }
}

fn tree(engine: Engine) -> EmbeddedMigrations {
    match engine {
        Engine::Postgres => POSTGRES,
        Engine::Sqlite => SQLITE,
    }
}
