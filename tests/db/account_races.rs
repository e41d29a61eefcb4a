//! Changes of one account at the same time, on PostgreSQL, where two replicas may write.
//! On SQLite there is one writer at a time.

use std::{sync::mpsc, thread, time::Instant};

use diesel::{Connection, RunQueryDsl, connection::SimpleConnection, sql_query};
use task_api::{
    db::DbConn,
    error::AppError,
    models::{
        time::UtcTime,
        user::{Credentials, User},
    },
    repositories::maintenance,
    services::{accounts, sessions, steps::Step, throttle::Limits},
};

use crate::{
    accounts_purge::{PURGE_TARGETS, day, fill},
    cases,
    fixtures::{Migrated, PATIENCE, number, store, task, user},
    sign_in::{DAY, LIFE, OTHER_HASH, client, credentials, keys, log_in, refreshed, texts},
};

cases![
    on Postgres;
    a_login_waits_for_a_change_of_password,
    a_change_of_password_ends_a_login_that_it_waited_for,
    a_login_waits_for_a_deletion,
    a_failed_login_leaves_nothing_of_an_account_that_goes,
    a_deletion_waits_for_a_change_of_a_task_and_not_in_a_circle,
    tabs_that_refresh_at_once_get_the_same_pair,
    two_changes_of_password_are_one,
    a_purge_passes_by_what_another_has_in_hand,
];

/// Until a statement of the case's database waits for a lock of another.
fn until_someone_waits(db: &Migrated) {
    let mut eye = db.database.connect();
    let begun = Instant::now();
    let waiting = "SELECT count(*) AS number FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while number(&mut eye, waiting) == 0 {
        assert!(begun.elapsed() < PATIENCE, "nobody waits");
        thread::yield_now();
    }
}

/// Runs `first` in a transaction, and `second` while that is not committed; then commits if `commits`,
/// else takes back. Returns what `second` does.
fn meanwhile<T: Send>(
    db: &Migrated,
    commits: bool,
    first: impl FnOnce(&mut DbConn) + Send,
    second: impl FnOnce(&mut DbConn) -> T + Send,
) -> T {
    let (go_on, wait) = mpsc::channel();
    let (begin, begun) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let outcome = db.open().transaction(|conn| {
                first(conn);
                begin.send(()).unwrap();
                wait.recv_timeout(PATIENCE).unwrap();
                if commits {
                    Ok(())
                } else {
                    Err(diesel::result::Error::RollbackTransaction)
                }
            });
            assert_eq!(outcome.is_ok(), commits);
        });
        begun.recv_timeout(PATIENCE).unwrap();
        let second = scope.spawn(move || second(&mut db.open()));
        until_someone_waits(db);
        go_on.send(()).unwrap();
        second.join().unwrap()
    })
}

fn change_password(conn: &mut DbConn, user: &User, now: UtcTime) -> Result<(), AppError> {
    let proven = credentials(conn, user);
    accounts::change_password(conn, &proven, 0, OTHER_HASH, &client(), now)
}

/// Its hash was checked before the change, and the change is not committed yet.
async fn a_login_waits_for_a_change_of_password(db: Migrated) {
    let (now, keys) = (UtcTime::now(), keys(&["one"]));
    for (name, commits) in [("ann", true), ("bob", false)] {
        let user = user(&mut db.open(), name);
        let checked = credentials(&mut db.open(), &user);
        let login = meanwhile(
            &db,
            commits,
            |conn| change_password(conn, &user, now).unwrap(),
            |conn| sessions::start(conn, &keys, LIFE, &checked, &client(), now).map(|_| ()),
        );
        if commits {
            assert!(matches!(login, Err(AppError::InvalidCredentials)))
        } else {
            assert!(login.is_ok(), "the password is the old one")
        }
        let sessions = format!("FROM sessions WHERE user_id = {}", user.id);
        assert_eq!(db.database.count(&sessions), i64::from(!commits));
    }
}

async fn a_change_of_password_ends_a_login_that_it_waited_for(db: Migrated) {
    let (now, keys) = (UtcTime::now(), keys(&["one"]));
    let ann = user(&mut db.open(), "ann");
    let change = meanwhile(
        &db,
        true,
        |conn| drop(log_in(conn, &keys, &ann, now)),
        |conn| change_password(conn, &ann, now),
    );
    assert!(change.is_ok());
    assert_eq!(db.database.count("FROM sessions"), 0);
    assert_eq!(db.database.count("FROM refresh_tokens"), 0);
}

/// Deletes the whole account in one step.
fn delete(conn: &mut DbConn, proven: &Credentials, now: UtcTime) {
    let step = accounts::delete(conn, proven, &client(), now).unwrap();
    assert_eq!(step, Step::Done(()));
}

async fn a_login_waits_for_a_deletion(db: Migrated) {
    let (now, keys) = (UtcTime::now(), keys(&["one"]));
    let ann = user(&mut db.open(), "ann");
    let proven = credentials(&mut db.open(), &ann);
    let login = meanwhile(
        &db,
        true,
        |conn| delete(conn, &proven, now),
        |conn| sessions::start(conn, &keys, LIFE, &proven, &client(), now).map(|_| ()),
    );
    assert!(matches!(login, Err(AppError::InvalidCredentials)));
    assert_eq!(db.database.count("FROM security_events"), 1, "the deletion");
}

async fn a_failed_login_leaves_nothing_of_an_account_that_goes(db: Migrated) {
    let now = UtcTime::now();
    let ann = user(&mut db.open(), "ann");
    let proven = credentials(&mut db.open(), &ann);
    let limits = Limits {
        per_account: 10,
        per_address: 100,
        window: DAY,
        registrations: 0,
    };
    let failure = meanwhile(
        &db,
        true,
        |conn| delete(conn, &proven, now),
        |conn| limits.count_failure(conn, &client(), &ann.email, now),
    );
    assert!(failure.is_ok());
    assert_eq!(db.database.count("FROM security_events"), 1, "the deletion");
}

/// A change under an idempotency key has the task first, and then needs the user for the key.
async fn a_deletion_waits_for_a_change_of_a_task_and_not_in_a_circle(db: Migrated) {
    let ann = user(&mut db.open(), "ann");
    let milk = store(&mut db.open(), task(&ann, "Milk"));
    let proven = credentials(&mut db.open(), &ann);
    let mut change = db.database.connect();
    let title = format!(
        "BEGIN; UPDATE tasks SET title = 'Oat milk' WHERE id = {}",
        milk.id
    );
    change.batch_execute(&title).unwrap();
    thread::scope(|scope| {
        let delete = || accounts::delete(&mut db.open(), &proven, &client(), UtcTime::now());
        let deletion = scope.spawn(delete);
        until_someone_waits(&db);
        let key = format!(
            "INSERT INTO idempotency_keys (user_id, key, fingerprint, status, headers, created_at)
             VALUES ({}, 'k', '', 200, '[]', now()); COMMIT",
            ann.id
        );
        change.batch_execute(&key).unwrap();
        assert!(deletion.join().unwrap().is_ok());
    });
    assert_eq!(db.database.count("FROM users"), 0);
    assert_eq!(db.database.count("FROM idempotency_keys"), 0);
}

async fn tabs_that_refresh_at_once_get_the_same_pair(db: Migrated) {
    let (now, keys) = (UtcTime::now(), keys(&["one"]));
    let ann = user(&mut db.open(), "ann");
    let parent = log_in(&mut db.open(), &keys, &ann, now).refresh;
    let (send, receive) = mpsc::channel();
    let second = meanwhile(
        &db,
        true,
        |conn| send.send(refreshed(conn, &keys, &parent, now)).unwrap(),
        |conn| refreshed(conn, &keys, &parent, now),
    );
    assert_eq!(texts(&second), texts(&receive.recv().unwrap()));
    assert_eq!(db.database.count("FROM refresh_tokens"), 2);
}

/// Both have shown the same password, which is that of neither once the first is committed.
async fn two_changes_of_password_are_one(db: Migrated) {
    let now = UtcTime::now();
    let ann = user(&mut db.open(), "ann");
    let proven = credentials(&mut db.open(), &ann);
    let second = meanwhile(
        &db,
        true,
        |conn| change_password(conn, &ann, now).unwrap(),
        |conn| accounts::change_password(conn, &proven, 0, "$2b$04$no", &client(), now),
    );
    assert!(matches!(second, Err(AppError::Validation(_))));
    assert_eq!(credentials(&mut db.open(), &ann).password_hash, OTHER_HASH);
}

async fn a_purge_passes_by_what_another_has_in_hand(db: Migrated) {
    let owner = user(&mut db.open(), "ann");
    for (what, table, column) in PURGE_TARGETS {
        fill(&db, *what, &owner);
        let mut other = db.open();
        let oldest = format!(
            "SELECT 1 FROM {table} WHERE {column} = (SELECT min({column}) FROM {table}) FOR UPDATE"
        );
        other
            .transaction(|other| {
                sql_query(oldest).execute(other)?;
                let mut conn = db.open();
                // The one that waits fails.
                sql_query("SET lock_timeout = 1").execute(&mut conn)?;
                let mut purge = || maintenance::purge(&mut conn, *what, day(3), 9);
                assert_eq!(purge(), Ok(2), "{table}");
                assert_eq!(purge(), Ok(0), "{table}");
                diesel::QueryResult::Ok(())
            })
            .unwrap();
        let rest = maintenance::purge(&mut db.open(), *what, day(3), 9);
        assert_eq!(rest, Ok(1), "{table}");
    }
}
