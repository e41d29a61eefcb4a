//! The database: whether it is there, and how far its migrations are.

use std::time::{Duration, Instant};

use super::{
    finding::{Finding, Outcome},
    postgres, sqlite,
};
use crate::{
    config::settings::{DatabaseSettings, Engine},
    db::{
        DbConn,
        diagnosis::ask,
        inspect,
        migrations::{self, Migration, State},
    },
};

/// All that can be found out about the database. Where it cannot be reached, that is all.
pub fn findings(settings: &DatabaseSettings) -> Vec<Finding> {
    let file = settings.url.file();
    let mut findings = file.as_deref().map(sqlite::access).unwrap_or_default();
    let is_closed = findings.iter().any(|f| f.outcome == Outcome::Failure);
    // To open what may only be read would leave a log beside it.
    if is_closed || file.is_some_and(|file| !file.exists()) {
        return findings;
    }
    let started = Instant::now();
    let opened = inspect::open(settings);
    let connect = started.elapsed();
    match opened {
        Ok(mut conn) => findings.extend(examine(&mut conn, settings, connect)),
        Err(error) => findings.push(unreachable(settings, &error.to_string())),
    }
    findings
}

fn examine(conn: &mut DbConn, settings: &DatabaseSettings, connect: Duration) -> Vec<Finding> {
    let mut findings = vec![reach(conn, settings, connect)];
    let status = migrations::status(conn);
    let all = status.as_deref().unwrap_or_default();
    let count = |state| all.iter().filter(|m| m.state == state).count();
    let is_pending = count(State::Pending) > 0;
    let was_migrated = count(State::Applied) > 0;
    findings.extend(match settings.url.engine {
        Engine::Postgres => postgres::server(conn),
        Engine::Sqlite => sqlite::version(conn),
    });
    findings.push(match &status {
        Ok(all) => progress(all, settings.run_migrations),
        Err(error) => Finding::unanswered("migrations", error),
    });
    findings.extend(match settings.url.engine {
        Engine::Postgres => postgres::findings(conn, settings, is_pending),
        Engine::Sqlite => sqlite::findings(conn, was_migrated && !is_pending),
    });
    findings
}

fn reach(conn: &mut DbConn, settings: &DatabaseSettings, connect: Duration) -> Finding {
    let started = Instant::now();
    let answer = ask::round_trip(conn);
    let trip = started.elapsed();
    match answer {
        Err(error) => unreachable(settings, &error.to_string()),
        Ok(()) => Finding::ok(
            "database",
            format!(
                "{}; connecting took {} ms, a trip {} ms",
                place(settings),
                milliseconds(connect),
                milliseconds(trip)
            ),
        ),
    }
}

fn unreachable(settings: &DatabaseSettings, cause: &str) -> Finding {
    let remedy = match settings.url.engine {
        Engine::Postgres => {
            "check that the server runs and is reached from here, and DATABASE_URL; the other checks of the database are left out"
        }
        Engine::Sqlite => {
            "check the path in DATABASE_URL, who owns file and folder, and that it is an SQLite file; the other checks of the database are left out"
        }
    };
    let cause = settings.url.redact(cause);
    let found = format!("{} cannot be reached: {cause}", place(settings));
    Finding::failure("database", found, remedy)
}

/// Engine and address, without user, password and parameters.
fn place(settings: &DatabaseSettings) -> String {
    let url = settings.url.expose();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or(rest);
    let address = match settings.url.engine {
        Engine::Postgres => rest.rsplit('@').next().unwrap_or(rest),
        Engine::Sqlite => rest,
    };
    format!("{} at {address}", settings.url.engine)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

fn progress(all: &[Migration], run_at_start: bool) -> Finding {
    const CHECK: &str = "migrations";
    let names = |state| {
        let found = all.iter().filter(|m| m.state == state);
        found
            .map(|m| m.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (pending, unknown) = (names(State::Pending), names(State::Unknown));
    if !pending.is_empty() {
        let found = format!("pending: {pending}");
        return match run_at_start {
            true => Finding::warning(
                CHECK,
                found,
                "the next start applies them, or `task-api migrate run` does now",
            ),
            false => Finding::failure(
                CHECK,
                found,
                "run `task-api migrate run`: the start does not, and the service is not ready until then",
            ),
        };
    }
    match unknown.is_empty() {
        true => Finding::ok(CHECK, format!("current, {} applied", all.len())),
        false => Finding::warning(
            CHECK,
            format!("applied, but unknown to this binary: {unknown}"),
            "use the version of task-api that applied them, or a newer one",
        ),
    }
}
