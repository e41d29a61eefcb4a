//! How rows end: each kind by its age, and all that a user owns with the user.

use std::time::Duration;

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use task_api::{
    db::DbConn,
    models::{time::UtcTime, user::User},
    repositories::{
        maintenance::{self, PurgeTarget},
        users,
    },
    services::{
        accounts,
        maintenance::Job,
        operators,
        steps::{STEP, Step},
    },
};

use crate::{
    fixtures::{Migrated, found, list, number, store, task, texts, time, user},
    plans,
    sign_in::{DAY, SECOND, client, credentials},
    support::runner::Engine,
};

crate::cases![
    each_kind_is_purged_by_age_a_step_at_a_time,
    a_session_that_is_purged_takes_its_refresh_tokens_along,
    a_session_goes_with_its_tokens_a_step_at_a_time,
    a_job_knows_when_its_rows_are_over,
    a_user_takes_all_along_but_the_events,
    a_deleted_account_leaves_one_event,
    an_operator_deletes_an_account,
    a_user_with_many_tasks_leaves_no_entry_of_the_search,
];

/// Every kind, with its table and the column that tells its age.
pub const PURGE_TARGETS: &[(PurgeTarget, &str, &str)] = &[
    (PurgeTarget::TRASHED_TASKS, "tasks", "deleted_at"),
    (PurgeTarget::TRASHED_PROJECTS, "projects", "deleted_at"),
    (PurgeTarget::KEYS, "idempotency_keys", "created_at"),
    (PurgeTarget::REFRESH_TOKENS, "refresh_tokens", "used_at"),
    (PurgeTarget::SESSIONS, "sessions", "expires_at"),
    (
        PurgeTarget::PERSONAL_TOKENS,
        "personal_tokens",
        "expires_at",
    ),
    (PurgeTarget::EVENTS, "security_events", "created_at"),
    (PurgeTarget::THROTTLES, "throttles", "ends_at"),
];

pub fn day(day: u32) -> UtcTime {
    time(&format!("2099-12-{day:02}T00:00:00Z"))
}

/// Runs SQL in which `{h}` stands for 32 bytes that are the owner's and the number's own.
fn run(conn: &mut DbConn, owner: &User, number: u32, sql: &str) {
    let digits = format!("{:04x}{number:04x}", owner.id).repeat(8);
    let hash = match conn {
        DbConn::Postgres(_) => format!("'\\x{digits}'::bytea"),
        DbConn::Sqlite(_) => format!("x'{digits}'"),
    };
    let at = format!("'2099-12-{number:02} 00:00:00'");
    let sql = sql
        .replace("{h}", &hash)
        .replace("{u}", &owner.id.to_string())
        .replace("{n}", &number.to_string())
        .replace("{at}", &at);
    assert_eq!(sql_query(&sql).execute(conn), Ok(1), "{sql}");
}

/// A row of the kind, whose time is midnight of the day; of a kind that knows no owner, one for each.
fn insert(conn: &mut DbConn, table: &str, owner: &User, day: u32) {
    let sql = match table {
        "tasks" => {
            "INSERT INTO tasks (user_id, title, created_at, updated_at, deleted_at)
             VALUES ({u}, 'x', {at}, {at}, {at})"
        }
        "projects" => {
            "INSERT INTO projects (user_id, name, created_at, updated_at, deleted_at)
             VALUES ({u}, 'x', {at}, {at}, {at})"
        }
        "idempotency_keys" => {
            "INSERT INTO idempotency_keys (user_id, key, fingerprint, status, headers, created_at)
             VALUES ({u}, 'k{n}', {h}, 201, '[]', {at})"
        }
        "sessions" => {
            "INSERT INTO sessions (user_id, created_at, last_used_at, expires_at, ip)
             VALUES ({u}, {at}, {at}, {at}, '::1')"
        }
        "refresh_tokens" => {
            "INSERT INTO refresh_tokens (user_id, hash, session_id, used_at, child_hash)
             VALUES ({u}, {h}, (SELECT max(id) FROM sessions WHERE user_id = {u}), {at}, {h})"
        }
        "personal_tokens" => {
            "INSERT INTO personal_tokens (user_id, hash, name, scopes, expires_at, created_at)
             VALUES ({u}, {h}, 'CI', 'tasks:read', {at}, {at})"
        }
        "security_events" => {
            "INSERT INTO security_events (user_id, kind, created_at) VALUES ({u}, 'x', {at})"
        }
        "throttles" => "INSERT INTO throttles (bucket, hits, ends_at) VALUES ({h}, 1, {at})",
        other => panic!("no such kind: {other}"),
    };
    run(conn, owner, day, sql);
}

fn table_of(what: PurgeTarget) -> &'static str {
    let same =
        |(other, ..): &&(PurgeTarget, &str, &str)| format!("{other:?}") == format!("{what:?}");
    let (_, table, _) = PURGE_TARGETS.iter().find(same).expect("every kind");
    table
}

/// Four rows of the kind, newest first, so that none comes first by chance.
pub fn fill(db: &Migrated, what: PurgeTarget, owner: &User) {
    let (mut conn, table) = (db.open(), table_of(what));
    if table == "refresh_tokens" {
        insert(&mut conn, "sessions", owner, 28);
    }
    for date in [4, 2, 3, 1] {
        insert(&mut conn, table, owner, date);
    }
}

async fn each_kind_is_purged_by_age_a_step_at_a_time(db: Migrated) {
    let mut conn = db.open();
    let owners = [user(&mut conn, "ann"), user(&mut conn, "bob")];
    let unused = "INSERT INTO refresh_tokens (user_id, hash, session_id)
                  VALUES ({u}, {h}, (SELECT min(id) FROM sessions WHERE user_id = {u}))";
    for owner in &owners {
        store(&mut conn, task(owner, "live"));
        for (what, ..) in PURGE_TARGETS {
            fill(&db, *what, owner);
        }
        run(&mut conn, owner, 20, unused);
    }
    for (what, table, column) in PURGE_TARGETS {
        let rows = format!("FROM {table} WHERE {column} < '2099-12-05'");
        let count = |from: &str| db.database.count(from);
        let all = count(&format!("FROM {table}"));
        let mut purge = |most| maintenance::purge(&mut conn, *what, day(3), most).unwrap();
        assert_eq!(count(&rows), 8, "{table}");
        assert_eq!(purge(4), 4, "{table}: no more than a step");
        let oldest = format!("FROM {table} WHERE {column} < '2099-12-03'");
        assert_eq!(count(&oldest), 0, "{table}: the oldest first");
        assert_eq!(purge(4), 2, "{table}: from then or earlier");
        assert_eq!(purge(4), 0, "{table}");
        assert_eq!(count(&rows), 2, "{table}: later ones stay");
        assert_eq!(count(&format!("FROM {table}")), all - 6, "{table}");
    }
    let fresh = "FROM refresh_tokens WHERE used_at IS NULL";
    assert_eq!(db.database.count(fresh), 2, "none was used");
    assert_eq!(db.database.count("FROM tasks WHERE deleted_at IS NULL"), 2);
}

async fn a_session_that_is_purged_takes_its_refresh_tokens_along(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    for (session, token) in [(3, 1), (4, 2)] {
        insert(&mut conn, "sessions", &ann, session);
        insert(&mut conn, "refresh_tokens", &ann, token);
    }
    let purged = maintenance::purge(&mut conn, PurgeTarget::SESSIONS, day(3), 9);
    assert_eq!(purged, Ok(1));
    let kept = "FROM refresh_tokens WHERE used_at = '2099-12-02 00:00:00'";
    assert_eq!(db.database.count(kept), 1);
    assert_eq!(db.database.count("FROM refresh_tokens"), 1);
}

/// A session that was refreshed for months has thousands of tokens.
async fn a_session_goes_with_its_tokens_a_step_at_a_time(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let session =
        "id, created_at, last_used_at, expires_at, ip) VALUES ({u}, 1, {t}, {t}, {t}, '::1')";
    let session = session.replace("{u}", &ann.id.to_string());
    let session = session.replace("{t}", "'2099-12-01 00:00:00'");
    let hash = match db.engine {
        Engine::Postgres => "convert_to(lpad(i::text, 32, '0'), 'UTF8')",
        Engine::Sqlite => "CAST(printf('%032d', i) AS BLOB)",
    };
    let most = STEP + 100;
    conn.batch_execute(&format!(
        "INSERT INTO sessions (user_id, {session};
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most})
         INSERT INTO refresh_tokens (user_id, hash, session_id) SELECT {}, {hash}, 1 FROM n;",
        ann.id
    ))
    .unwrap();
    let mut step = || {
        Job::PurgeSessions
            .step(&mut conn, day(2).plus(DAY * 30))
            .unwrap()
    };
    assert_eq!(step(), STEP as usize);
    assert_eq!(db.database.count("FROM refresh_tokens"), 100);
    assert_eq!(db.database.count("FROM sessions"), 1);
    assert_eq!(step(), 1);
    assert_eq!(db.database.count("FROM refresh_tokens"), 0);
    assert_eq!(db.database.count("FROM sessions"), 0);
}

async fn a_job_knows_when_its_rows_are_over(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    // What is purged with its session goes first.
    for (what, ..) in PURGE_TARGETS {
        fill(&db, *what, &ann);
    }
    for (job, age) in [
        (Job::PurgeTrash(DAY * 5), DAY * 5),
        (Job::PurgeKeys(DAY), DAY),
        (Job::PurgeRefreshTokens, DAY * 90),
        (Job::PurgeSessions, DAY * 30),
        (Job::PurgePersonalTokens, DAY * 30),
        (Job::PurgeEvents, DAY * 365),
        (Job::PurgeThrottles, Duration::ZERO),
    ] {
        let mut step = |date| job.step(&mut conn, date).unwrap();
        let now = day(3).plus(age);
        assert_eq!(step(day(1).plus(age).minus(SECOND)), 0, "{job:?}");
        assert_eq!(step(now.minus(SECOND)), 2, "{job:?}");
        assert_eq!(step(now), 1, "{job:?}");
    }
}

/// How many rows the user has in each table.
fn owned(db: &Migrated, owner: &User) -> Vec<(&'static str, i64)> {
    let of = |table: &&str| *table != "throttles";
    let tables = PURGE_TARGETS.iter().map(|(_, table, _)| *table).filter(of);
    let count = |table| {
        let from = format!("FROM {table} WHERE user_id = {}", owner.id);
        (table, db.database.count(&from))
    };
    tables.map(count).collect()
}

fn fill_all(db: &Migrated) -> [User; 2] {
    let mut conn = db.open();
    let owners = [user(&mut conn, "ann"), user(&mut conn, "bob")];
    for owner in &owners {
        for (what, ..) in PURGE_TARGETS {
            fill(db, *what, owner);
        }
    }
    for (table, count) in owned(db, &owners[0]) {
        assert!(count > 0, "{table}");
    }
    owners
}

async fn a_user_takes_all_along_but_the_events(db: Migrated) {
    let [ann, bob] = fill_all(&db);
    let his = owned(&db, &bob);
    users::delete(&mut db.open(), ann.id).unwrap();
    for (table, count) in owned(&db, &ann) {
        let kept = if table == "security_events" { 4 } else { 0 };
        assert_eq!(count, kept, "{table}");
    }
    assert_eq!(owned(&db, &bob), his);
}

async fn a_deleted_account_leaves_one_event(db: Migrated) {
    let [ann, bob] = fill_all(&db);
    let (his, mut conn) = (owned(&db, &bob), db.open());
    let proven = credentials(&mut conn, &ann);
    let step = accounts::delete(&mut conn, &proven, &client(), day(9)).unwrap();
    assert_eq!(step, Step::Done(()));
    let left: i64 = owned(&db, &ann).iter().map(|(_, count)| count).sum();
    assert_eq!(left, 1);
    let kept = format!(
        "SELECT kind || ' ' || ip AS text FROM security_events WHERE user_id = {}",
        ann.id
    );
    assert_eq!(texts(&mut conn, &kept), ["account_deleted 192.0.2.1"]);
    assert_eq!(owned(&db, &bob), his);
    // A later account has the address, but not the id.
    assert!(user(&mut conn, "ann").id > bob.id);
}

async fn an_operator_deletes_an_account(db: Migrated) {
    let [ann, bob] = fill_all(&db);
    let (his, mut conn) = (owned(&db, &bob), db.open());
    let email = ann.email.parse().unwrap();
    assert_eq!(operators::delete(&mut conn, &email, day(9)).unwrap(), None);
    assert!(operators::delete(&mut conn, &email, day(9)).is_err());
    let left: i64 = owned(&db, &ann).iter().map(|(_, count)| count).sum();
    assert_eq!(left, 1);
    let nobodys = "FROM security_events WHERE kind = 'account_deleted' AND ip IS NULL";
    assert_eq!(db.database.count(nobodys), 1);
    assert_eq!(owned(&db, &bob), his);
}

/// On SQLite, triggers keep the search in step, for rows too that go with their owner.
async fn a_user_with_many_tasks_leaves_no_entry_of_the_search(db: Migrated) {
    const TASKS: i64 = 5_000;
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    plans::fill(&mut conn, ann.id, TASKS);
    let his = store(&mut conn, task(&bob, "task"));
    let entries = |conn: &mut DbConn, owner: &User| {
        let sql = format!(
            "SELECT count(*) AS number FROM task_search('\"{}:task\"')",
            owner.id
        );
        number(conn, &sql)
    };
    let is_sqlite = db.engine == Engine::Sqlite;
    if is_sqlite {
        assert_eq!(entries(&mut conn, &ann), TASKS);
    }
    let proven = credentials(&mut conn, &ann);
    let mut step = accounts::delete(&mut conn, &proven, &client(), day(9)).unwrap();
    let mut steps = 1;
    while let Step::More(rows) = step {
        assert_eq!(rows, STEP as usize);
        step = accounts::erase_more(&mut conn, ann.id).unwrap();
        steps += 1;
    }
    assert_eq!(steps, TASKS / STEP + 1);
    assert_eq!(db.database.count("FROM tasks"), 1);
    if is_sqlite {
        assert_eq!(entries(&mut conn, &ann), 0);
        assert_eq!(db.database.count("FROM task_search_docsize"), 1);
    }
    assert_eq!(list(&mut conn, &bob, &found("task")), [his]);
}
