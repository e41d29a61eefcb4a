//! What can be wrong with a PostgreSQL server, or what the role lacks on it.

use std::time::{SystemTime, UNIX_EPOCH};

use super::finding::Finding;
use crate::{
    config::settings::DatabaseSettings,
    db::{
        DbConn,
        diagnosis::postgres::{self, Connections, Server},
    },
};

/// The oldest major version that the tests run on.
const OLDEST: i64 = 15;

/// How far two clocks may be apart, in milliseconds.
const CLOCKS_APART: i64 = 1000;

/// Version, encoding, and whether it can be written to.
pub fn server(conn: &mut DbConn) -> Vec<Finding> {
    match postgres::server(conn) {
        Err(error) => vec![Finding::unanswered("version", error)],
        Ok(server) => vec![version(&server), encoding(&server), writable(&server)],
    }
}

/// Everything else; `is_pending`: migrations are.
pub fn findings(conn: &mut DbConn, settings: &DatabaseSettings, is_pending: bool) -> Vec<Finding> {
    vec![
        privileges(conn, is_pending),
        connections(conn, settings),
        indexes(conn),
        clock(conn),
    ]
}

fn version(server: &Server) -> Finding {
    let found = format!("PostgreSQL {}", server.version);
    match server.version_number / 10_000 >= OLDEST {
        true => Finding::ok("version", found),
        false => Finding::warning(
            "version",
            found,
            format!("upgrade: the oldest version that this is tested with is {OLDEST}"),
        ),
    }
}

fn encoding(server: &Server) -> Finding {
    let encoding = &server.encoding;
    match encoding == "UTF8" {
        true => Finding::ok("encoding", encoding),
        false => Finding::failure(
            "encoding",
            format!("{encoding}: what it has no character for is refused"),
            "make a database with ENCODING 'UTF8' TEMPLATE template0, and move the data there",
        ),
    }
}

fn writable(server: &Server) -> Finding {
    match server.read_only {
        false => Finding::ok("writable", "the server takes writes"),
        true => Finding::failure(
            "writable",
            "the server takes no writes: it is a standby, or default_transaction_read_only is on",
            "lead DATABASE_URL to the primary (target_session_attrs=read-write), or switch the setting off",
        ),
    }
}

fn privileges(conn: &mut DbConn, is_pending: bool) -> Finding {
    const CHECK: &str = "permissions";
    let missing = postgres::missing_privileges(conn).and_then(|mut missing| {
        if is_pending {
            missing.extend(postgres::missing_for_migrations(conn)?);
        }
        Ok(missing)
    });
    match missing {
        Err(error) => Finding::unanswered(CHECK, error),
        Ok(missing) if missing.is_empty() => {
            Finding::ok(CHECK, "the role may do what the service does")
        }
        Ok(missing) => Finding::failure(
            CHECK,
            format!("the role lacks {}", missing.join(", ")),
            "GRANT what it lacks, or connect as the role that owns the tables",
        ),
    }
}

fn connections(conn: &mut DbConn, settings: &DatabaseSettings) -> Finding {
    match postgres::connections(conn) {
        Err(error) => Finding::unanswered("connections", error),
        Ok(connections) => headroom(&connections, i64::from(settings.pool_size) + 1),
    }
}

/// `needed`: by one copy of the service.
fn headroom(connections: &Connections, needed: i64) -> Finding {
    let Connections { most, free } = connections;
    let found = format!("of {most}, {free} are free; a copy of the service takes up to {needed}");
    match *free >= needed {
        true => Finding::ok("connections", found),
        false => Finding::warning(
            "connections",
            found,
            "another copy may find none: raise max_connections (or the limit of role or database), or lower APP_DATABASE__POOL_SIZE",
        ),
    }
}

fn indexes(conn: &mut DbConn) -> Finding {
    match postgres::invalid_indexes(conn) {
        Err(error) => Finding::unanswered("integrity", error),
        Ok(invalid) if invalid.is_empty() => Finding::ok("integrity", "every index is valid"),
        Ok(invalid) => Finding::failure(
            "integrity",
            format!("indexes that are not valid: {}", invalid.join(", ")),
            "REINDEX INDEX CONCURRENTLY each of them",
        ),
    }
}

fn clock(conn: &mut DbConn) -> Finding {
    let before = now();
    match postgres::clock(conn) {
        Err(error) => Finding::unanswered("clock", error),
        Ok(theirs) => apart(theirs - before.midpoint(now())),
    }
}

/// `ahead`: how many milliseconds the server's clock is ahead of this machine's.
fn apart(ahead: i64) -> Finding {
    if ahead.abs() <= CLOCKS_APART {
        return Finding::ok("clock", format!("{ahead} ms from the database's"));
    }
    let direction = if ahead > 0 { "behind" } else { "ahead of" };
    let seconds = ahead.abs() as f64 / 1000.0;
    Finding::warning(
        "clock",
        format!("this machine's clock is {seconds:.1} s {direction} the database's"),
        "set the clocks, and let NTP keep them: sessions and limits go by them",
    )
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Outcome;

    #[test]
    fn clocks_may_be_a_second_apart() {
        for (ahead, outcome, words) in [
            (0, Outcome::Ok, "0 ms from"),
            (1000, Outcome::Ok, "1000 ms from"),
            (-1000, Outcome::Ok, "-1000 ms from"),
            (1600, Outcome::Warning, "1.6 s behind the database's"),
            (-3000, Outcome::Warning, "3.0 s ahead of the database's"),
        ] {
            let finding = apart(ahead);
            assert_eq!(finding.outcome, outcome, "{ahead}");
            assert!(finding.found.contains(words), "{}", finding.found);
        }
    }

    #[test]
    fn one_more_copy_must_find_its_connections() {
        let with = |free| headroom(&Connections { most: 97, free }, 11).outcome;
        assert_eq!(with(11), Outcome::Ok);
        assert_eq!(with(10), Outcome::Warning);
    }

    #[test]
    fn an_old_server_is_warned_of_and_a_wrong_one_fails() {
        let server = |version_number, encoding: &str, read_only| Server {
            version: "x".to_owned(),
            version_number,
            encoding: encoding.to_owned(),
            read_only,
        };
        assert_eq!(version(&server(150_000, "", false)).outcome, Outcome::Ok);
        assert_eq!(
            version(&server(140_012, "", false)).outcome,
            Outcome::Warning
        );
        assert_eq!(encoding(&server(0, "UTF8", false)).outcome, Outcome::Ok);
        assert_eq!(
            encoding(&server(0, "LATIN1", false)).outcome,
            Outcome::Failure
        );
        assert_eq!(writable(&server(0, "", false)).outcome, Outcome::Ok);
        assert_eq!(writable(&server(0, "", true)).outcome, Outcome::Failure);
    }
}
