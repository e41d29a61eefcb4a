//! What the tables refuse by themselves.

use diesel::{
    QueryResult, RunQueryDsl,
    result::{DatabaseErrorKind, Error},
    sql_query,
};
use task_api::{db::DbConn, models::filter::TaskFilter, repositories::tasks};

use crate::fixtures::{self, HASH, Migrated};

crate::cases![
    tasks_out_of_bounds_are_refused,
    tasks_at_the_bounds_are_taken,
    users_out_of_bounds_are_refused,
    an_address_has_one_user,
    no_task_is_without_its_owner,
    what_must_be_there_must_be_there,
    an_external_id_has_one_task_of_a_user_outside_the_trash,
    a_key_is_complete,
    a_key_has_one_answer_of_a_user,
    a_task_has_defaults,
    a_user_takes_all_along,
    the_id_of_the_newest_row_is_never_used_again,
];

pub type Values<'a> = &'a [(&'a str, &'a str)];

/// Inserts a row of `usual` values with `changes` over them, all in SQL.
pub fn insert(
    conn: &mut DbConn,
    table: &str,
    usual: Values,
    changes: Values,
) -> QueryResult<usize> {
    let changed = |name: &str| changes.iter().any(|(change, _)| *change == name);
    let values: Vec<&(&str, &str)> = usual
        .iter()
        .filter(|(name, _)| !changed(name))
        .chain(changes)
        .collect();
    let list = |part: fn(&(&str, &str)) -> String| {
        let parts: Vec<String> = values.iter().map(|value| part(value)).collect();
        parts.join(", ")
    };
    let names = list(|value| value.0.to_owned());
    let values = list(|value| value.1.to_owned());
    sql_query(format!("INSERT INTO {table} ({names}) VALUES ({values})")).execute(conn)
}

fn insert_task(conn: &mut DbConn, owner: i64, changes: Values) -> QueryResult<usize> {
    let owner = owner.to_string();
    let usual = [
        ("user_id", owner.as_str()),
        ("title", "'Milk'"),
        ("created_at", "'2026-11-23 09:00:00'"),
        ("updated_at", "'2026-11-23 09:00:00'"),
    ];
    insert(conn, "tasks", &usual, changes)
}

fn insert_user(conn: &mut DbConn, changes: Values) -> QueryResult<usize> {
    let hash = format!("'{HASH}'");
    let usual = [
        ("email", "'bob@example.com'"),
        ("password_hash", hash.as_str()),
        ("created_at", "'2026-11-23 09:00:00'"),
    ];
    insert(conn, "users", &usual, changes)
}

pub fn insert_key(conn: &mut DbConn, owner: i64, changes: Values) -> QueryResult<usize> {
    let owner = owner.to_string();
    let fingerprint = match conn {
        DbConn::Postgres(_) => "'\\x00'::bytea",
        DbConn::Sqlite(_) => "x'00'",
    };
    let usual = [
        ("user_id", owner.as_str()),
        ("key", "'k'"),
        ("fingerprint", fingerprint),
        ("status", "201"),
        ("headers", "'[]'"),
        ("created_at", "'2026-11-23 09:00:00'"),
    ];
    insert(conn, "idempotency_keys", &usual, changes)
}

/// An SQL text of `count` characters, each of more than one byte.
pub fn long(count: usize) -> String {
    format!("'{}'", "é".repeat(count))
}

#[track_caller]
pub fn assert_check(outcome: QueryResult<usize>, constraint: &str) {
    match outcome {
        Err(Error::DatabaseError(DatabaseErrorKind::CheckViolation, info)) => {
            assert!(info.message().contains(constraint), "{}", info.message());
        }
        other => panic!("{constraint} let pass: {other:?}"),
    }
}

#[track_caller]
pub fn assert_kind(outcome: QueryResult<usize>, expected: DatabaseErrorKind) {
    match outcome {
        Err(Error::DatabaseError(kind, info)) => {
            let (kind, expected) = (format!("{kind:?}"), format!("{expected:?}"));
            assert_eq!(kind, expected, "{}", info.message());
        }
        other => panic!("no {expected:?}: {other:?}"),
    }
}

async fn tasks_out_of_bounds_are_refused(db: Migrated) {
    let mut conn = db.open();
    let owner = fixtures::user(&mut conn, "ann").id;
    let cases: &[(Values, &str)] = &[
        (&[("status", "'open'")], "tasks_status_check"),
        (&[("status", "'TODO'")], "tasks_status_check"),
        (&[("priority", "5")], "tasks_priority_check"),
        (&[("priority", "-1")], "tasks_priority_check"),
        (&[("version", "0")], "tasks_version_check"),
        (&[("status", "'done'")], "tasks_completed_at_check"),
        (
            &[("completed_at", "'2026-11-23 09:00:00'")],
            "tasks_completed_at_check",
        ),
    ];
    for (changes, constraint) in cases {
        assert_check(insert_task(&mut conn, owner, changes), constraint);
    }
    assert_eq!(db.database.count("FROM tasks"), 0);
}

async fn tasks_at_the_bounds_are_taken(db: Migrated) {
    let mut conn = db.open();
    let owner = fixtures::user(&mut conn, "ann").id;
    let (title, description) = (long(200), long(10_000));
    // 20 names of 50 characters, and the commas between.
    let (labels, external_id) = (long(1019), long(255));
    let cases: &[Values] = &[
        &[("title", "'é'")],
        &[("title", &title), ("description", &description)],
        &[("description", "''")],
        &[("priority", "0"), ("status", "'in_progress'")],
        &[("priority", "4"), ("status", "'cancelled'")],
        &[("version", "9223372036854775807")],
        &[("labels", &labels), ("external_id", &external_id)],
        &[("labels", "''"), ("external_id", "'é'")],
        &[("external_id", "NULL"), ("deleted_at", "NULL")],
        &[
            ("status", "'done'"),
            ("completed_at", "'2026-11-23 09:00:00'"),
        ],
    ];
    for changes in cases {
        assert_eq!(insert_task(&mut conn, owner, changes), Ok(1), "{changes:?}");
    }
}

async fn users_out_of_bounds_are_refused(db: Migrated) {
    let mut conn = db.open();
    let cases: &[(Values, &str)] = &[
        (&[("email", "'Bob@example.com'")], "users_email_check"),
        (
            &[("password_hash", "'secret'")],
            "users_password_hash_check",
        ),
    ];
    for (changes, constraint) in cases {
        assert_check(insert_user(&mut conn, changes), constraint);
    }
}

async fn an_address_has_one_user(db: Migrated) {
    let mut conn = db.open();
    assert_eq!(insert_user(&mut conn, &[]), Ok(1));
    let again = insert_user(&mut conn, &[]);
    assert_kind(again, DatabaseErrorKind::UniqueViolation);
    // The address of a deleted account is free.
    let deleted = ("deleted_at", "'2026-11-23 09:00:00'");
    for _ in 0..2 {
        assert_eq!(insert_user(&mut conn, &[deleted]), Ok(1));
    }
}

async fn no_task_is_without_its_owner(db: Migrated) {
    let mut conn = db.open();
    let orphan = insert_task(&mut conn, 1, &[]);
    assert_kind(orphan, DatabaseErrorKind::ForeignKeyViolation);
}

async fn what_must_be_there_must_be_there(db: Migrated) {
    let mut conn = db.open();
    let owner = fixtures::user(&mut conn, "ann").id;
    for column in [
        "user_id",
        "title",
        "status",
        "priority",
        "version",
        "created_at",
        "updated_at",
        "labels",
        "title_key",
        "words",
    ] {
        let outcome = insert_task(&mut conn, owner, &[(column, "NULL")]);
        assert_kind(outcome, DatabaseErrorKind::NotNullViolation);
    }
    for column in ["email", "password_hash", "created_at"] {
        let outcome = insert_user(&mut conn, &[(column, "NULL")]);
        assert_kind(outcome, DatabaseErrorKind::NotNullViolation);
    }
}

async fn an_external_id_has_one_task_of_a_user_outside_the_trash(db: Migrated) {
    let mut conn = db.open();
    let ann = fixtures::user(&mut conn, "ann").id;
    let bob = fixtures::user(&mut conn, "bob").id;
    let (named, trashed) = (
        ("external_id", "'x'"),
        ("deleted_at", "'2026-11-23 09:00:00'"),
    );
    assert_eq!(insert_task(&mut conn, ann, &[named]), Ok(1));
    assert_kind(
        insert_task(&mut conn, ann, &[named]),
        DatabaseErrorKind::UniqueViolation,
    );
    assert_eq!(insert_task(&mut conn, bob, &[named]), Ok(1));
    assert_eq!(
        insert_task(&mut conn, ann, &[("external_id", "'X'")]),
        Ok(1)
    );
    for _ in 0..2 {
        assert_eq!(insert_task(&mut conn, ann, &[named, trashed]), Ok(1));
        assert_eq!(insert_task(&mut conn, ann, &[]), Ok(1));
    }
    // Out of the trash it would be the second again.
    let restore = "UPDATE tasks SET deleted_at = NULL WHERE deleted_at IS NOT NULL";
    assert_kind(
        sql_query(restore).execute(&mut conn),
        DatabaseErrorKind::UniqueViolation,
    );
}

async fn a_key_is_complete(db: Migrated) {
    let mut conn = db.open();
    let owner = fixtures::user(&mut conn, "ann").id;
    for column in [
        "user_id",
        "key",
        "fingerprint",
        "status",
        "headers",
        "created_at",
    ] {
        let outcome = insert_key(&mut conn, owner, &[(column, "NULL")]);
        assert_kind(outcome, DatabaseErrorKind::NotNullViolation);
    }
}

async fn a_key_has_one_answer_of_a_user(db: Migrated) {
    let mut conn = db.open();
    let ann = fixtures::user(&mut conn, "ann").id;
    let bob = fixtures::user(&mut conn, "bob").id;
    assert_eq!(insert_key(&mut conn, ann, &[]), Ok(1));
    assert_kind(
        insert_key(&mut conn, ann, &[]),
        DatabaseErrorKind::UniqueViolation,
    );
    assert_eq!(insert_key(&mut conn, bob, &[]), Ok(1));
    let orphan = insert_key(&mut conn, bob + 1, &[]);
    assert_kind(orphan, DatabaseErrorKind::ForeignKeyViolation);
}

/// What a row gets that was written by hand.
async fn a_task_has_defaults(db: Migrated) {
    let mut conn = db.open();
    let owner = fixtures::user(&mut conn, "ann").id;
    insert_task(&mut conn, owner, &[]).unwrap();
    let usual = "FROM tasks WHERE status = 'todo' AND priority = 2 AND version = 1
        AND labels = '' AND title_key = '' AND words = ''
        AND external_id IS NULL AND deleted_at IS NULL";
    assert_eq!(db.database.count(usual), 1);
}

async fn a_user_takes_all_along(db: Migrated) {
    let mut conn = db.open();
    let ann = fixtures::user(&mut conn, "ann");
    let bob = fixtures::user(&mut conn, "bob");
    for owner in [&ann, &ann, &bob] {
        fixtures::store(&mut conn, fixtures::task(owner, "Milk"));
    }
    for owner in [&ann, &bob] {
        insert_key(&mut conn, owner.id, &[]).unwrap();
        let trashed = [("deleted_at", "'2026-11-23 09:00:00'")];
        insert_task(&mut conn, owner.id, &trashed).unwrap();
    }
    let delete = format!("DELETE FROM users WHERE id = {}", ann.id);
    assert_eq!(sql_query(delete).execute(&mut conn), Ok(1));
    let left = fixtures::list(&mut conn, &ann, &TaskFilter::default());
    assert_eq!(left, []);
    assert_eq!(db.database.count("FROM tasks"), 2);
    assert_eq!(db.database.count("FROM idempotency_keys"), 1);
}

async fn the_id_of_the_newest_row_is_never_used_again(db: Migrated) {
    let mut conn = db.open();
    let ann = fixtures::user(&mut conn, "ann");
    let task = fixtures::store(&mut conn, fixtures::task(&ann, "Milk"));
    let trashed = fixtures::change(&mut conn, &task, task.trashed(None, task.updated_at));
    assert!(tasks::purge(&mut conn, ann.id, task.id, trashed.version).unwrap());
    let delete = format!("DELETE FROM users WHERE id = {}", ann.id);
    assert_eq!(sql_query(delete).execute(&mut conn), Ok(1));

    let mut conn = db.open();
    let bob = fixtures::user(&mut conn, "bob");
    assert!(bob.id > ann.id);
    let next = fixtures::store(&mut conn, fixtures::task(&bob, "Bread"));
    assert!(next.id > task.id);
}
