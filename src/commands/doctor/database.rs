//! The database: whether it can be reached, and how far its migrations are.

use std::time::{Duration, Instant};

use super::{check::CheckResult, postgres, sqlite};
use crate::{
    config::settings::{DatabaseSettings, Engine},
    db::{
        DbConn, inspect,
        migrations::{self, Migration, State},
        query::number,
    },
};

/// Everything about the database. Where it cannot be reached, only that.
pub fn check(settings: &DatabaseSettings) -> Vec<CheckResult> {
    let file = settings.url.file();
    let (mut results, is_open) = match &file {
        Some(file) => sqlite::access(file),
        None => (Vec::new(), true),
    };
    // To open what may only be read would leave a log beside it.
    if !is_open {
        return results;
    }
    let started = Instant::now();
    let opened = inspect::open(settings);
    let connect = started.elapsed();
    match opened {
        Ok(mut conn) => results.extend(examine(&mut conn, settings, connect)),
        Err(error) => results.push(unreachable(settings, &error.to_string())),
    }
    results
}

fn examine(conn: &mut DbConn, settings: &DatabaseSettings, connect: Duration) -> Vec<CheckResult> {
    let status = migrations::status(conn);
    let all = status.as_deref().unwrap_or_default();
    let has = |state| !migrations::versions(all, state).is_empty();
    let (is_pending, was_migrated) = (has(State::Pending), has(State::Applied));
    let migrations = CheckResult::of("migrations", status, |all| {
        progress(&all, settings.run_migrations)
    });
    let mut results = vec![reach(conn, settings, connect)];
    match settings.url.engine {
        Engine::Postgres => {
            results.extend(postgres::server(conn));
            results.push(migrations);
            results.extend(postgres::check(conn, settings, is_pending));
        }
        Engine::Sqlite => {
            results.push(sqlite::version(conn));
            results.push(migrations);
            results.push(sqlite::integrity(conn));
            if was_migrated && !is_pending {
                results.push(sqlite::clock(conn));
            }
        }
    }
    results
}

fn reach(conn: &mut DbConn, settings: &DatabaseSettings, connect: Duration) -> CheckResult {
    let started = Instant::now();
    let answer = number(conn, "SELECT CAST(1 AS BIGINT)");
    let trip = started.elapsed();
    match answer {
        Err(error) => unreachable(settings, &error.to_string()),
        Ok(_) => CheckResult::ok(
            "database",
            format!(
                "{}; connecting took {connect:.1?}, a trip {trip:.1?}",
                address(settings)
            ),
        ),
    }
}

fn unreachable(settings: &DatabaseSettings, cause: &str) -> CheckResult {
    let remedy = match settings.url.engine {
        Engine::Postgres => "check that the server runs and is reached from here, and DATABASE_URL",
        Engine::Sqlite => {
            "check the path in DATABASE_URL, who owns file and folder, and that it is an SQLite file"
        }
    };
    let cause = settings.url.redact(cause);
    CheckResult::failure(
        "database",
        format!("{} cannot be reached: {cause}", address(settings)),
        format!("{remedy}; the other checks of the database are left out"),
    )
}

/// Engine and address, without user, password and parameters.
fn address(settings: &DatabaseSettings) -> String {
    let url = settings.url.expose();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or(rest);
    let address = match settings.url.engine {
        Engine::Postgres => rest.rsplit('@').next().unwrap_or(rest),
        Engine::Sqlite => rest,
    };
    format!("{} at {address}", settings.url.engine)
}

fn progress(all: &[Migration], run_at_start: bool) -> CheckResult {
    const CHECK: &str = "migrations";
    let names = |state| {
        let found = all.iter().filter(|m| m.state == state);
        let names: Vec<&str> = found.map(|m| m.name.as_str()).collect();
        names.join(", ")
    };
    let (pending, unknown) = (names(State::Pending), names(State::Unknown));
    if !pending.is_empty() {
        let found = format!("pending: {pending}");
        return if run_at_start {
            let remedy = "the next start applies them, or `task-api migrate run` does now";
            CheckResult::warning(CHECK, found, remedy)
        } else {
            let remedy = "run `task-api migrate run`: the start does not, and the service is not ready until then";
            CheckResult::failure(CHECK, found, remedy)
        };
    }
    if !unknown.is_empty() {
        return CheckResult::warning(
            CHECK,
            format!("applied, but unknown to this binary: {unknown}"),
            "use the version of task-api that applied them, or a newer one",
        );
    }
    CheckResult::ok(CHECK, format!("current, {} applied", all.len()))
}
