//! The repositories' statements: each finds, changes and deletes its owner's rows alone.

use diesel::result::{DatabaseErrorKind, Error};
use task_api::{
    models::{
        priority::Priority,
        status::Status,
        task::{NewTask, Task},
        user::NewUser,
    },
    repositories::{tasks, users},
};

use crate::fixtures::{self, HASH, Migrated, task, time, user};

crate::cases![
    a_user_is_found_by_address,
    a_second_user_of_an_address_is_a_unique_violation,
    a_task_comes_back_as_it_was_written,
    lists_are_newest_first_below_a_bound,
    a_stale_version_is_not_replaced,
    a_task_is_deleted_once,
    another_owner_finds_nothing_and_changes_nothing,
    times_keep_their_microseconds,
];

async fn a_user_is_found_by_address(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    assert_ne!(ann.id, bob.id);
    assert_eq!(ann.email, "ann@example.com");
    let found = users::find_by_email(&mut conn, "ann@example.com").unwrap();
    assert_eq!(found, Some(ann));
    let found = users::find_credentials(&mut conn, "bob@example.com").unwrap();
    let found = found.expect("bob");
    assert_eq!((found.user, found.password_hash.as_str()), (bob, HASH));

    let nobody = "carl@example.com";
    assert_eq!(users::find_by_email(&mut conn, nobody).unwrap(), None);
    let credentials = users::find_credentials(&mut conn, nobody).unwrap();
    assert!(credentials.is_none());
}

async fn a_second_user_of_an_address_is_a_unique_violation(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let again = NewUser {
        email: &ann.email,
        password_hash: HASH,
        created_at: ann.created_at,
    };
    let outcome = users::insert(&mut conn, &again);
    let unique = DatabaseErrorKind::UniqueViolation;
    assert!(
        matches!(outcome, Err(Error::DatabaseError(ref kind, _)) if *kind == unique),
        "{outcome:?}"
    );
}

async fn a_task_comes_back_as_it_was_written(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let new = NewTask {
        description: Some("two\nlines, \u{1F95B} and 'quotes'".to_owned()),
        status: Status::Done,
        priority: Priority::Urgent,
        due_at: Some(time("2026-12-24T18:00:00Z")),
        completed_at: Some(time("2026-11-23T09:00:00Z")),
        ..task(&ann, "Milk")
    };
    let stored = tasks::insert(&mut conn, &new).unwrap();
    let expected = Task {
        id: stored.id,
        user_id: ann.id,
        title: new.title,
        description: new.description,
        status: new.status,
        priority: new.priority,
        due_at: new.due_at,
        version: 1,
        completed_at: new.completed_at,
        created_at: new.created_at,
        updated_at: new.updated_at,
    };
    assert_eq!(stored, expected);
    let found = tasks::find(&mut conn, ann.id, stored.id).unwrap();
    assert_eq!(found, Some(expected));
    let missing = tasks::find(&mut conn, ann.id, stored.id + 1).unwrap();
    assert_eq!(missing, None);
}

async fn lists_are_newest_first_below_a_bound(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let ids = ["a", "b", "c", "d"].map(|title| {
        let stored = tasks::insert(&mut conn, &task(&ann, title)).unwrap();
        stored.id
    });
    let mut list = |before, count| -> Vec<i64> {
        let found = tasks::newest_before(&mut conn, ann.id, before, count).unwrap();
        found.into_iter().map(|task| task.id).collect()
    };
    assert_eq!(list(i64::MAX, 10), [ids[3], ids[2], ids[1], ids[0]]);
    assert_eq!(list(i64::MAX, 2), [ids[3], ids[2]]);
    assert_eq!(list(ids[2], 10), [ids[1], ids[0]]);
    assert_eq!(list(ids[0], 10), [0; 0]);
}

async fn a_stale_version_is_not_replaced(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let new = NewTask {
        description: Some("to be cleared".to_owned()),
        ..task(&ann, "Milk")
    };
    let first = tasks::insert(&mut conn, &new).unwrap();
    let second = Task {
        title: "Bread".to_owned(),
        description: None,
        version: 2,
        ..first.clone()
    };
    assert!(tasks::replace(&mut conn, &second, 1).unwrap());
    let late = Task {
        title: "Too late".to_owned(),
        version: 2,
        ..first
    };
    assert!(!tasks::replace(&mut conn, &late, 1).unwrap());
    let stored = tasks::find(&mut conn, ann.id, second.id).unwrap();
    assert_eq!(stored, Some(second));
}

async fn a_task_is_deleted_once(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let gone = tasks::insert(&mut conn, &task(&ann, "Milk")).unwrap();
    let kept = tasks::insert(&mut conn, &task(&ann, "Bread")).unwrap();
    assert!(tasks::delete(&mut conn, ann.id, gone.id).unwrap());
    assert!(!tasks::delete(&mut conn, ann.id, gone.id).unwrap());
    assert!(!tasks::replace(&mut conn, &gone, gone.version).unwrap());
    assert_eq!(tasks::find(&mut conn, ann.id, gone.id).unwrap(), None);
    let left = tasks::newest_before(&mut conn, ann.id, i64::MAX, 10).unwrap();
    assert_eq!(left, [kept]);
}

async fn another_owner_finds_nothing_and_changes_nothing(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    let hers = tasks::insert(&mut conn, &task(&ann, "Milk")).unwrap();
    assert_eq!(tasks::find(&mut conn, bob.id, hers.id).unwrap(), None);
    let list = tasks::newest_before(&mut conn, bob.id, i64::MAX, 10).unwrap();
    assert_eq!(list, []);
    let stolen = Task {
        user_id: bob.id,
        title: "Mine".to_owned(),
        ..hers.clone()
    };
    assert!(!tasks::replace(&mut conn, &stolen, hers.version).unwrap());
    assert!(!tasks::delete(&mut conn, bob.id, hers.id).unwrap());
    let left = tasks::find(&mut conn, ann.id, hers.id).unwrap();
    assert_eq!(left, Some(hers));
}

async fn times_keep_their_microseconds(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    for text in [
        "2026-11-23T09:00:00.123456Z",
        "2026-11-23T09:00:00.000001Z",
        "2026-11-23T09:00:00.999999Z",
        "2026-11-23T09:00:00.100000Z",
        "1969-12-31T23:59:59.999999Z",
        "0000-01-01T00:00:00.000000Z",
        "9999-12-31T23:59:59.999999Z",
    ] {
        let written = time(text);
        let new = NewTask {
            due_at: Some(written),
            created_at: written,
            ..task(&ann, "Milk")
        };
        let id = tasks::insert(&mut conn, &new).unwrap().id;
        // A connection of its own: what was stored, not what was sent.
        let stored = tasks::find(&mut fixtures::open(&db.database), ann.id, id).unwrap();
        let stored = stored.expect("the task");
        assert_eq!(stored.due_at, Some(written));
        assert_eq!(stored.created_at.to_string(), text);
    }
}
