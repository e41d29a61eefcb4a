//! Faults of a PostgreSQL server, and privileges that the role lacks on it.

use std::time::SystemTime;

use super::check::CheckResult;
use crate::{
    config::settings::DatabaseSettings,
    db::{
        DbConn,
        diagnosis::{self, Connections, Server},
    },
};

/// The oldest major version that the tests run on.
const OLDEST: i64 = 15;

/// How far two clocks may be apart, in milliseconds.
const CLOCKS_APART: i64 = 1000;

/// Version, encoding, and whether it can be written to.
pub fn server(conn: &mut DbConn) -> Vec<CheckResult> {
    match diagnosis::server(conn) {
        Ok(server) => judge(&server).into(),
        Err(error) => vec![CheckResult::unanswered("version", error)],
    }
}

/// Everything else.
pub fn check(
    conn: &mut DbConn,
    settings: &DatabaseSettings,
    is_migration_pending: bool,
) -> Vec<CheckResult> {
    let connections = CheckResult::of("connections", diagnosis::connections(conn), |connections| {
        headroom(&connections, i64::from(settings.pool_size) + 1)
    });
    vec![
        privileges(conn, is_migration_pending),
        connections,
        indexes(conn),
        clock(conn),
    ]
}

fn judge(server: &Server) -> [CheckResult; 3] {
    let encoding = &server.encoding;
    let writable = if server.is_read_only {
        "the server takes no writes: it is a standby, or default_transaction_read_only is on"
    } else {
        "the server takes writes"
    };
    [
        CheckResult::ok("version", format!("PostgreSQL {}", server.version)).warn_if(
            server.version_number / 10_000 < OLDEST,
            format!("upgrade: the oldest version that this is tested with is {OLDEST}"),
        ),
        CheckResult::ok("encoding", encoding).fail_if(
            encoding != "UTF8",
            "characters that it does not have are refused: make a database with ENCODING 'UTF8' TEMPLATE template0, \
             and move the data there",
        ),
        CheckResult::ok("writable", writable).fail_if(
            server.is_read_only,
            "lead DATABASE_URL to the primary (target_session_attrs=read-write), or switch the setting off",
        ),
    ]
}

fn privileges(conn: &mut DbConn, is_migration_pending: bool) -> CheckResult {
    const CHECK: &str = "permissions";
    let missing = diagnosis::missing_privileges(conn).and_then(|mut missing| {
        if is_migration_pending {
            missing.extend(diagnosis::missing_for_migrations(conn)?);
        }
        Ok(missing)
    });
    CheckResult::of(CHECK, missing, |missing| {
        if missing.is_empty() {
            return CheckResult::ok(CHECK, "the role has the privileges that the service needs");
        }
        CheckResult::failure(
            CHECK,
            format!("the role lacks {}", missing.join(", ")),
            "GRANT what it lacks, or connect as the role that owns the tables",
        )
    })
}

/// `needed`: by one replica of the service.
fn headroom(connections: &Connections, needed: i64) -> CheckResult {
    let Connections { most, free } = connections;
    let found =
        format!("of {most}, {free} are free; a replica of the service takes up to {needed}");
    CheckResult::ok("connections", found).warn_if(
        *free < needed,
        "another replica may find none: raise max_connections (or the limit of role or database), or lower \
         APP_DATABASE__POOL_SIZE",
    )
}

fn indexes(conn: &mut DbConn) -> CheckResult {
    const CHECK: &str = "integrity";
    CheckResult::of(CHECK, diagnosis::invalid_indexes(conn), |invalid| {
        if invalid.is_empty() {
            return CheckResult::ok(CHECK, "every index is valid");
        }
        CheckResult::failure(
            CHECK,
            format!("indexes that are not valid: {}", invalid.join(", ")),
            "REINDEX INDEX CONCURRENTLY each of them",
        )
    })
}

fn clock(conn: &mut DbConn) -> CheckResult {
    let before = now();
    let server = diagnosis::clock(conn);
    let own = before.midpoint(now());
    CheckResult::of("clock", server, |server| apart(server - own))
}

/// `ahead`: how many milliseconds the server's clock is ahead of this machine's.
fn apart(ahead: i64) -> CheckResult {
    if ahead.abs() <= CLOCKS_APART {
        return CheckResult::ok("clock", format!("{ahead} ms from the database's"));
    }
    let direction = if ahead > 0 { "behind" } else { "ahead of" };
    let seconds = ahead.abs() as f64 / 1000.0;
    CheckResult::warning(
        "clock",
        format!("this machine's clock is {seconds:.1} s {direction} the database's"),
        "set the clocks, and let NTP keep them: sessions and limits go by them",
    )
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::Outcome;

    #[test]
    fn clocks_may_be_a_second_apart() {
        for (ahead, outcome, words) in [
            (0, Outcome::Ok, "0 ms from"),
            (1000, Outcome::Ok, "1000 ms from"),
            (-1000, Outcome::Ok, "-1000 ms from"),
            (1600, Outcome::Warning, "1.6 s behind the database's"),
            (-3000, Outcome::Warning, "3.0 s ahead of the database's"),
        ] {
            let result = apart(ahead);
            assert_eq!(result.outcome, outcome, "{ahead}");
            assert!(result.found.contains(words), "{}", result.found);
        }
    }

    #[test]
    fn one_more_replica_must_find_its_connections() {
        let with = |free| headroom(&Connections { most: 97, free }, 11).outcome;
        assert_eq!(with(11), Outcome::Ok);
        assert_eq!(with(10), Outcome::Warning);
    }

    #[test]
    fn an_old_server_is_warned_of_and_a_wrong_one_fails() {
        let outcomes = |version_number, encoding: &str, is_read_only| {
            let server = Server {
                version: "x".to_owned(),
                version_number,
                encoding: encoding.to_owned(),
                is_read_only,
            };
            judge(&server).map(|result| result.outcome)
        };
        assert_eq!(outcomes(150_000, "UTF8", false), [Outcome::Ok; 3]);
        assert_eq!(
            outcomes(140_012, "LATIN1", true),
            [Outcome::Warning, Outcome::Failure, Outcome::Failure]
        );
    }
}
