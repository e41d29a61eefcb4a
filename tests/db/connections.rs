//! What a connection of the service is set to.

use std::time::Duration;

use diesel::{RunQueryDsl, sql_query};
use task_api::db::{
    DbConn,
    manager::{Access, Manager},
};

use crate::{
    fixtures::{Migrated, number, settings, texts},
    support::{database, runner::Engine},
};

crate::cases![
    connections_are_set_up,
    a_reader_of_sqlite_cannot_write,
    what_the_operator_wrote_into_the_url_stays,
];

fn open(db: &Migrated, access: Access) -> DbConn {
    let settings = settings(&db.database, 1, Duration::from_millis(1234));
    Manager::new(&settings, access).open().unwrap()
}

async fn connections_are_set_up(db: Migrated) {
    if db.engine == Engine::Postgres {
        for default in [
            "default_transaction_isolation = 'serializable'",
            "statement_timeout = '7s'",
            "lock_timeout = '7s'",
        ] {
            let name = db.database.name();
            database::server(&format!("ALTER DATABASE {name} SET {default}"));
        }
    }
    for (access, query_only) in [(Access::Write, 0), (Access::Read, 1)] {
        let mut conn = open(&db, access);
        if db.engine == Engine::Postgres {
            let sql = "SELECT current_setting('application_name') AS text";
            assert_eq!(texts(&mut conn, sql), ["task-api"]);
            for (setting, value) in [
                ("default_transaction_isolation", "read committed"),
                ("statement_timeout", "0"),
                // Migrations wait for each other.
                ("lock_timeout", "0"),
            ] {
                let sql = format!("SELECT current_setting('{setting}') AS text");
                assert_eq!(texts(&mut conn, &sql), [value], "{setting}");
            }
            continue;
        }
        let mut pragma = |name: &str| {
            let sql = format!("SELECT CAST(\"{name}\" AS BIGINT) AS number FROM pragma_{name}");
            number(&mut conn, &sql)
        };
        assert_eq!(pragma("foreign_keys"), 1);
        assert_eq!(pragma("synchronous"), 2, "FULL");
        assert_eq!(pragma("query_only"), query_only, "{access:?}");
        let sql = "SELECT CAST(timeout AS BIGINT) AS number FROM pragma_busy_timeout";
        assert_eq!(number(&mut conn, sql), 1110, "before the caller gives up");
        let sql = "SELECT journal_mode AS text FROM pragma_journal_mode";
        assert_eq!(texts(&mut conn, sql), ["wal"]);
    }
}

/// On PostgreSQL reads and writes share their connections, so a reader may write there.
async fn a_reader_of_sqlite_cannot_write(db: Migrated) {
    let delete = sql_query("DELETE FROM users");
    let outcome = delete.execute(&mut open(&db, Access::Read));
    match db.engine {
        Engine::Postgres => assert_eq!(outcome, Ok(0)),
        Engine::Sqlite => {
            let message = outcome.unwrap_err().to_string();
            assert!(message.contains("readonly"), "{message}");
        }
    }
}

async fn what_the_operator_wrote_into_the_url_stays(db: Migrated) {
    let url = db.database.url();
    let separator = if url.contains('?') { '&' } else { '?' };
    let mut settings = settings(&db.database, 1, Duration::from_secs(3));
    let mut open = |parameter: &str| {
        settings.url = format!("{url}{separator}{parameter}").parse().unwrap();
        Manager::new(&settings, Access::Write).open().unwrap()
    };
    match db.engine {
        Engine::Postgres => {
            let mut conn = open("application_name=ours");
            let sql = "SELECT current_setting('application_name') AS text";
            assert_eq!(texts(&mut conn, sql), ["ours"]);
        }
        Engine::Sqlite => {
            let outcome = sql_query("DELETE FROM users").execute(&mut open("mode=ro"));
            let message = outcome.unwrap_err().to_string();
            assert!(message.contains("readonly"), "{message}");
        }
    }
}
