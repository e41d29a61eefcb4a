//! The repositories' statements on users and tasks: each finds and changes its owner's rows alone.

use std::slice::from_ref;

use diesel::result::{DatabaseErrorKind, Error};
use task_api::{
    models::{
        filter::TaskFilter,
        priority::Priority,
        sort::Sort,
        status::Status,
        task::{NewTask, Task},
        user::NewUser,
    },
    repositories::{
        list::page::{self, Listing},
        tasks, users,
    },
};

use crate::fixtures::{
    self, HASH, Migrated, change, found, labelled, list, store, task, time, user, with_label,
};

crate::cases![
    a_user_is_found_by_address,
    a_second_user_of_an_address_is_a_unique_violation,
    a_task_comes_back_as_it_was_written,
    several_tasks_are_stored_with_reserved_ids,
    of_several_tasks_all_are_stored_or_none,
    lists_are_newest_first_after_a_position,
    a_stale_version_is_not_saved,
    a_change_is_saved_by_its_version,
    an_external_id_in_use_saves_nothing,
    locked_and_external_tasks_are_the_owners,
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
        external_id: Some("crm/7 'é'".to_owned()),
        ..labelled(&ann, "Milk", &["zoo", "at home", "Älter"])
    };
    let stored = store(&mut conn, new.clone());
    assert!(stored.id > 0);
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
        labels: new.labels,
        external_id: new.external_id,
        ..Task::default()
    };
    assert_eq!(stored, expected);
    let kept = fixtures::live(&mut conn, ann.id, stored.id);
    assert_eq!(kept, Some(expected.clone()));
    assert_eq!(
        list(&mut conn, &ann, &TaskFilter::default()),
        [expected],
        "a list reads the same columns"
    );
    let missing = fixtures::live(&mut conn, ann.id, stored.id + 1);
    assert_eq!(missing, None);
    let in_trash = fixtures::trashed(&mut conn, ann.id, stored.id);
    assert_eq!(in_trash, None);
}

async fn several_tasks_are_stored_with_reserved_ids(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let first = store(&mut conn, task(&ann, "first"));
    let ids = tasks::reserve_ids(&mut conn, 100).unwrap();
    assert!(ids.len() == 100 && ids.is_sorted_by(|a, b| first.id < *a && a < b));
    let new: Vec<Task> = ids
        .iter()
        .map(|id| Task {
            id: *id,
            title: format!("task {id}"),
            external_id: (id % 3 == 0).then(|| format!("x{id}")),
            parent_id: Some(first.id),
            blocked_by: [first.id].into_iter().collect(),
            version: 1,
            user_id: ann.id,
            ..Task::default()
        })
        .collect();
    let rows: Vec<&Task> = new.iter().rev().collect();
    assert_eq!(tasks::insert_all(&mut conn, &rows), Ok(100));
    let mut stored = list(&mut conn, &ann, &TaskFilter::default());
    stored.reverse();
    assert_eq!(stored[1..], new);
    let next = store(&mut conn, task(&ann, "next"));
    assert!(next.id > ids[99], "the database goes on after them");
}

async fn of_several_tasks_all_are_stored_or_none(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let holder = NewTask {
        external_id: Some("x".to_owned()),
        ..task(&ann, "first")
    };
    let first = store(&mut conn, holder);
    let ids = tasks::reserve_ids(&mut conn, 2).unwrap();
    let new = [None, Some("x".to_owned())];
    let new: Vec<Task> = ids
        .iter()
        .zip(new)
        .map(|(id, external_id)| Task {
            id: *id,
            external_id,
            ..first.clone()
        })
        .collect();
    let rows: Vec<&Task> = new.iter().collect();
    let refused = tasks::insert_all(&mut conn, &rows).unwrap_err();
    assert!(matches!(
        refused,
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)
    ));
    assert_eq!(list(&mut conn, &ann, &TaskFilter::default()), [first]);
}

async fn lists_are_newest_first_after_a_position(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let stored = ["a", "b", "c", "d"].map(|title| store(&mut conn, task(&ann, title)));
    let (filter, sort) = (TaskFilter::default(), Sort::default());
    let mut list = |after: Option<&Task>, count| -> Vec<i64> {
        let listing = Listing {
            owner: ann.id,
            filter: &filter,
            sort: &sort,
            now: ann.created_at,
        };
        let after = after.map(|task| sort.position_of(task, None));
        let found = page::page(&mut conn, &listing, after.as_deref(), count).unwrap();
        let counted = page::page_and_total(&mut conn, &listing, after.as_deref(), count);
        assert_eq!(counted, Ok((found.clone(), 4)));
        found.into_iter().map(|task| task.id).collect()
    };
    let ids = [stored[0].id, stored[1].id, stored[2].id, stored[3].id];
    assert_eq!(list(None, 10), [ids[3], ids[2], ids[1], ids[0]]);
    assert_eq!(list(None, 2), [ids[3], ids[2]]);
    assert_eq!(list(Some(&stored[2]), 10), [ids[1], ids[0]]);
    assert_eq!(list(Some(&stored[0]), 10), [0; 0]);
}

async fn a_stale_version_is_not_saved(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let new = NewTask {
        description: Some("to be cleared".to_owned()),
        external_id: Some("x".to_owned()),
        ..labelled(&ann, "Milk", &["home"])
    };
    let first = store(&mut conn, new);
    let bread = store(&mut conn, task(&ann, "Bread"));
    let next = Task {
        id: first.id,
        version: 2,
        created_at: first.created_at,
        ..bread
    };
    let second = change(&mut conn, &first, next);
    let late = Task {
        title: "Too late".to_owned(),
        version: 2,
        ..first.clone()
    };
    assert!(!fixtures::save(&mut conn, &first, &late).unwrap());
    let stored = fixtures::live(&mut conn, ann.id, second.id);
    assert_eq!(stored, Some(second));
}

async fn a_change_is_saved_by_its_version(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let before = ["a", "b", "c"].map(|title| store(&mut conn, task(&ann, title)));
    let after = before.each_ref().map(|before| Task {
        title: format!("{} changed", before.title),
        status: Status::Done,
        completed_at: Some(before.updated_at),
        due_at: Some(time("2026-12-24T18:00:00Z")),
        version: 2,
        external_id: Some(format!("x {}", before.title)),
        labels: labelled(&ann, "x", &["new"]).labels,
        ..before.clone()
    });
    let stale = Task {
        version: 7,
        ..before[1].clone()
    };
    assert!(fixtures::save(&mut conn, &before[0], &after[0]).unwrap());
    assert!(!fixtures::save(&mut conn, &stale, &after[1]).unwrap());
    assert!(fixtures::save(&mut conn, &before[2], &after[2]).unwrap());
    let expected = [after[2].clone(), before[1].clone(), after[0].clone()];
    assert_eq!(list(&mut conn, &ann, &TaskFilter::default()), expected);
}

async fn an_external_id_in_use_saves_nothing(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let taken = NewTask {
        external_id: Some("x".to_owned()),
        ..task(&ann, "Milk")
    };
    store(&mut conn, taken);
    let other = store(&mut conn, task(&ann, "b"));
    let clash = Task {
        external_id: Some("x".to_owned()),
        version: 2,
        ..other.clone()
    };
    let outcome = fixtures::save(&mut conn, &other, &clash);
    let unique = DatabaseErrorKind::UniqueViolation;
    assert!(
        matches!(outcome, Err(Error::DatabaseError(ref kind, _)) if *kind == unique),
        "{outcome:?}"
    );
    let kept = fixtures::live(&mut conn, ann.id, other.id);
    assert_eq!(kept, Some(other));
}

async fn locked_and_external_tasks_are_the_owners(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    let named = |owner, external_id: &str| NewTask {
        external_id: Some(external_id.to_owned()),
        ..task(owner, "Milk")
    };
    let live = store(&mut conn, named(&ann, "live"));
    let trashed = store(&mut conn, named(&ann, "trashed"));
    let trashed = change(
        &mut conn,
        &trashed,
        trashed.trashed(None, trashed.updated_at),
    );
    let foreign = store(&mut conn, named(&bob, "foreign"));
    let ids = [trashed.id, foreign.id, live.id, 987_654_321];
    let locked = tasks::lock(&mut conn, ann.id, &ids).unwrap();
    assert_eq!(locked, [live.clone(), trashed], "in order of id");
    let names = ["foreign", "trashed", "live", "none"].map(str::to_owned);
    let holders = tasks::holders(&mut conn, ann.id, &names).unwrap();
    assert_eq!(holders, [("live".to_owned(), live.id)]);
}

async fn another_owner_finds_nothing_and_changes_nothing(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    let hers = store(&mut conn, labelled(&ann, "Milk", &["home"]));
    assert_eq!(tasks::find(&mut conn, bob.id, hers.id).unwrap(), None);
    for filter in [TaskFilter::default(), found("milk"), with_label("home")] {
        assert_eq!(list(&mut conn, &bob, &filter), [], "{filter:?}");
        assert_eq!(
            list(&mut conn, &ann, &filter),
            from_ref(&hers),
            "{filter:?}"
        );
    }
    let stolen = Task {
        user_id: bob.id,
        title: "Mine".to_owned(),
        ..hers.clone()
    };
    let claimed = Task {
        user_id: bob.id,
        ..hers.clone()
    };
    assert!(!fixtures::save(&mut conn, &claimed, &stolen).unwrap());
    let left = fixtures::live(&mut conn, ann.id, hers.id);
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
        "0001-01-01T00:00:00.000000Z",
        "9999-12-31T23:59:59.999999Z",
    ] {
        let written = time(text);
        let new = NewTask {
            due_at: Some(written),
            created_at: written,
            ..task(&ann, "Milk")
        };
        let id = store(&mut conn, new).id;
        // A connection of its own: what was stored, not what was sent.
        let stored = fixtures::live(&mut fixtures::open(&db.database), ann.id, id);
        let stored = stored.expect("the task");
        assert_eq!(stored.due_at, Some(written));
        assert_eq!(stored.created_at.to_string(), text);
        // A change writes it in the same form, so that equal times are equal in the table.
        let next = Task {
            due_at: None,
            version: 2,
            ..stored.clone()
        };
        change(&mut conn, &stored, next);
        store(
            &mut conn,
            NewTask {
                created_at: written,
                ..task(&ann, "Milk")
            },
        );
        let twin = format!(
            "FROM tasks a JOIN tasks b ON a.created_at = b.created_at WHERE a.id = {id} AND b.id > {id}"
        );
        assert_eq!(db.database.count(&twin), 1, "{text}");
    }
}
