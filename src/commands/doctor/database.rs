//! The database: whether it can be reached, how far its migrations are, and whether its data is sound.

use std::time::Instant;

use super::{
    check::{CheckResult, Outcome},
    files, postgres, wal,
};
use crate::{
    commands::{database, output::reason},
    config::settings::{DatabaseSettings, Engine},
    db::{
        DbConn,
        migrations::{self, Migration, State},
        query::texts,
    },
    services::integrity,
};

/// Everything about the database. Where it cannot be reached, only that.
pub fn check(settings: &DatabaseSettings) -> Vec<CheckResult> {
    let file = settings.url.file();
    let mut results = file.as_deref().map_or_else(Vec::new, files::check);
    let is_refused = results.iter().any(|r| r.outcome == Outcome::Failure);
    // To open what may only be read would leave a log beside it.
    if is_refused || file.as_deref().is_some_and(|file| !file.exists()) {
        return results;
    }
    results.extend(file.as_deref().and_then(wal::older));
    let started = Instant::now();
    match database::read(settings) {
        Err(cause) => results.push(unreachable(settings, &cause)),
        Ok(mut conn) => {
            let (took, version) = (started.elapsed(), version(&mut conn));
            let found = format!("{version} at {}, reached in {took:.1?}", address(settings));
            results.push(CheckResult::ok("database", found));
            results.extend(examine(&mut conn, settings));
        }
    }
    let has_failed = |result: &CheckResult| result.outcome == Outcome::Failure;
    if results.iter().any(has_failed)
        && let Some(reason) = file.and_then(|file| wal::explain(&file, settings))
    {
        // The others are its consequences.
        results.retain(|result| result.check != reason.check && !has_failed(result));
        results.push(reason);
    }
    results
}

/// Engine and version; a damaged SQLite file does not even say this.
fn version(conn: &mut DbConn) -> String {
    let (engine, query) = match conn {
        DbConn::Postgres(_) => (Engine::Postgres, "SELECT current_setting('server_version')"),
        DbConn::Sqlite(_) => (Engine::Sqlite, "SELECT sqlite_version()"),
    };
    let version = texts(conn, query).unwrap_or_default().concat();
    format!("{engine} {version}")
}

fn unreachable(settings: &DatabaseSettings, cause: &str) -> CheckResult {
    let (engine, address) = (settings.url.engine, address(settings));
    let remedy = match engine {
        Engine::Postgres => "check that the server runs and is reached from here, and DATABASE_URL",
        Engine::Sqlite => "check the path in DATABASE_URL, and that it is an SQLite file",
    };
    CheckResult::failure(
        "database",
        format!("{engine} at {address}: {cause}"),
        format!("{remedy}; the other checks of the database are left out"),
    )
}

/// Without engine, user, password and parameters.
fn address(settings: &DatabaseSettings) -> &str {
    let url = settings.url.expose();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or(rest);
    match settings.url.engine {
        Engine::Postgres => rest.rsplit('@').next().unwrap_or(rest),
        Engine::Sqlite => rest,
    }
}

fn examine(conn: &mut DbConn, settings: &DatabaseSettings) -> Vec<CheckResult> {
    let (migrations, is_pending) = match migrations::status(conn) {
        Ok(all) => progress(&all, settings.run_migrations),
        Err(error) => (unanswered("migrations", &error.to_string()), false),
    };
    let mut results = vec![migrations];
    if settings.url.engine == Engine::Postgres {
        results.push(schema(conn));
        results.extend(postgres::check(conn, settings, is_pending));
    }
    results.push(soundness(conn));
    results
}

/// A query failed that the database should be able to answer.
pub fn unanswered(check: &'static str, cause: &str) -> CheckResult {
    CheckResult::failure(
        check,
        format!("the database does not answer: {cause}"),
        "see what its log says, and run this again",
    )
}

/// Whether the tables are where the service looks for them.
fn schema(conn: &mut DbConn) -> CheckResult {
    const CHECK: &str = "schema";
    match migrations::tables_elsewhere(conn) {
        Ok(None) => {
            let schema = texts(conn, "SELECT current_schema()::text").unwrap_or_default();
            CheckResult::ok(CHECK, format!("search_path leads to {}", schema.concat()))
        }
        Ok(Some(found)) => CheckResult::failure(CHECK, found, migrations::ELSEWHERE_REMEDY),
        Err(error) => unanswered(CHECK, &error.to_string()),
    }
}

/// How far the migrations are, and whether one is pending.
fn progress(all: &[Migration], run_at_start: bool) -> (CheckResult, bool) {
    const CHECK: &str = "migrations";
    let names = |state| {
        let found = all.iter().filter(|m| m.state == state);
        let names: Vec<&str> = found.map(|m| m.name.as_str()).collect();
        names.join(", ")
    };
    let (pending, unknown) = (names(State::Pending), names(State::Unknown));
    let is_pending = !pending.is_empty();
    let pending = format!("pending: {pending}");
    let result = if is_pending && run_at_start {
        let remedy = "the next start applies them, or `task-api migrate run` does now";
        CheckResult::warning(CHECK, pending, remedy)
    } else if is_pending {
        let remedy = "run `task-api migrate run`: the start does not, and the service is not ready until then";
        CheckResult::failure(CHECK, pending, remedy)
    } else if !unknown.is_empty() {
        let found = format!("applied, but unknown to this binary: {unknown}");
        let remedy = "use the version of task-api that applied them, or a newer one";
        CheckResult::warning(CHECK, found, remedy)
    } else {
        CheckResult::ok(CHECK, format!("current, {} applied", all.len()))
    };
    (result, is_pending)
}

/// What `task-api verify` finds, but for migrations, which have a line of their own.
fn soundness(conn: &mut DbConn) -> CheckResult {
    const CHECK: &str = "integrity";
    let results = match integrity::check(conn) {
        Ok(results) => results,
        Err(error) => return unanswered(CHECK, &reason(error)),
    };
    let data = results.iter().filter(|result| result.check != "migrations");
    let faults = data.flat_map(|result| {
        let faults = result.faults.iter();
        faults.map(|fault| format!("{}: {fault}", result.check))
    });
    let faults: Vec<String> = faults.collect();
    if faults.is_empty() {
        return CheckResult::ok(CHECK, "no fault found");
    }
    CheckResult::failure(
        CHECK,
        faults.join("; "),
        "see `task-api verify`. Indexes of PostgreSQL: REINDEX INDEX CONCURRENTLY each of them; else stop the service, \
         keep a copy of the database, and go back to a backup",
    )
}
