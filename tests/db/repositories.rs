//! The repositories' statements on users and tasks: each finds and changes its owner's rows alone.

use std::slice::from_ref;

use diesel::result::{DatabaseErrorKind, Error};
use task_api::{
    models::{
        filter::TaskFilter, priority::Priority, sort::Sort, status::Status, task::Task,
        user::NewUser,
    },
    repositories::{
        list::page::{self, Listing},
        tasks::{self, Change, Place},
        users,
    },
};

use crate::fixtures::{
    self, HASH, Migrated, change, found, labelled, list, store, task, time, user, with_label,
};

crate::cases![
    a_user_is_found_by_address,
    a_second_user_of_an_address_is_a_unique_violation,
    a_task_comes_back_as_it_was_written,
    several_tasks_get_ids_in_their_order,
    a_task_whose_external_id_is_in_use_is_left_out,
    lists_are_newest_first_from_a_place_on,
    a_stale_version_is_not_saved,
    several_changes_are_saved_by_their_versions,
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
    let new = Task {
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
        ..new
    };
    assert_eq!(stored, expected);
    let kept = tasks::find(&mut conn, ann.id, stored.id, Place::Live).unwrap();
    assert_eq!(kept, Some(expected.clone()));
    assert_eq!(
        list(&mut conn, &ann, &TaskFilter::default()),
        [expected],
        "a list reads the same columns"
    );
    let missing = tasks::find(&mut conn, ann.id, stored.id + 1, Place::Live).unwrap();
    assert_eq!(missing, None);
    let in_trash = tasks::find(&mut conn, ann.id, stored.id, Place::Trash).unwrap();
    assert_eq!(in_trash, None);
}

async fn several_tasks_get_ids_in_their_order(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let mut new: Vec<Task> = (0..100)
        .map(|number| Task {
            external_id: (number % 3 == 0).then(|| format!("x{}", 100 - number)),
            ..task(&ann, &format!("task {number}"))
        })
        .collect();
    tasks::insert(&mut conn, &mut new).unwrap();
    assert!(new.is_sorted_by(|a, b| 0 < a.id && a.id < b.id));
    new.reverse();
    assert_eq!(list(&mut conn, &ann, &TaskFilter::default()), new);
}

async fn a_task_whose_external_id_is_in_use_is_left_out(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    let named = |owner, title: &str, external_id: &str| Task {
        external_id: Some(external_id.to_owned()),
        ..task(owner, title)
    };
    store(&mut conn, named(&ann, "first", "x"));
    let others = store(&mut conn, named(&bob, "not hers", "z"));
    let mut new = [
        task(&ann, "a"),
        named(&ann, "b", "x"),
        named(&ann, "c", "y"),
        task(&ann, "d"),
        named(&ann, "e", "y"),
        named(&ann, "f", "z"),
    ];
    tasks::insert(&mut conn, &mut new).unwrap();
    let stored: Vec<&str> = new
        .iter()
        .filter(|task| task.id > 0)
        .map(|task| task.title.as_str())
        .collect();
    assert_eq!(stored, ["a", "c", "d", "f"]);
    assert_eq!(new[1].id, 0, "in use by a task from before");
    assert_eq!(new[4].id, 0, "in use by one of the same statement");
    for task in new.iter().filter(|task| task.id > 0) {
        let kept = tasks::find(&mut conn, ann.id, task.id, Place::Live).unwrap();
        assert_eq!(kept.as_ref(), Some(task));
    }
    assert_eq!(db.database.count("FROM tasks"), 6);

    // In the trash it is free, and so it is for others.
    change(&mut conn, &others, others.trashed(others.updated_at));
    store(&mut conn, named(&bob, "again", "z"));
    store(&mut conn, named(&bob, "x too", "x"));
}

async fn lists_are_newest_first_from_a_place_on(db: Migrated) {
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
        let place = after.map(|task| sort.place_of(task, None));
        let found = page::page(&mut conn, &listing, place.as_deref(), count).unwrap();
        assert_eq!(page::total(&mut conn, &listing).unwrap(), 4);
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
    let new = Task {
        description: Some("to be cleared".to_owned()),
        external_id: Some("x".to_owned()),
        ..labelled(&ann, "Milk", &["home"])
    };
    let first = store(&mut conn, new);
    let next = Task {
        id: first.id,
        version: 2,
        ..task(&ann, "Bread")
    };
    let second = change(&mut conn, &first, next);
    let late = Task {
        title: "Too late".to_owned(),
        version: 2,
        ..first.clone()
    };
    let late = Change {
        before: &first,
        after: &late,
    };
    let saved = tasks::save(&mut conn, ann.id, &[late]).unwrap();
    assert_eq!(saved, [0; 0]);
    let stored = tasks::find(&mut conn, ann.id, second.id, Place::Live).unwrap();
    assert_eq!(stored, Some(second));
}

async fn several_changes_are_saved_by_their_versions(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let before = ["a", "b", "c"].map(|title| store(&mut conn, task(&ann, title)));
    let after = before.each_ref().map(|before| Task {
        title: format!("{} changed", before.title),
        title_key: format!("{} changed", before.title),
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
    let changes = [
        (&before[0], &after[0]),
        (&stale, &after[1]),
        (&before[2], &after[2]),
    ]
    .map(|(before, after)| Change { before, after });
    let mut saved = tasks::save(&mut conn, ann.id, &changes).unwrap();
    saved.sort_unstable();
    assert_eq!(saved, [before[0].id, before[2].id]);
    let expected = [after[2].clone(), before[1].clone(), after[0].clone()];
    assert_eq!(list(&mut conn, &ann, &TaskFilter::default()), expected);
}

async fn an_external_id_in_use_saves_nothing(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let taken = Task {
        external_id: Some("x".to_owned()),
        ..task(&ann, "Milk")
    };
    store(&mut conn, taken);
    let [one, other] = ["a", "b"].map(|title| store(&mut conn, task(&ann, title)));
    let fine = Task {
        title: "A".to_owned(),
        version: 2,
        ..one.clone()
    };
    let clash = Task {
        external_id: Some("x".to_owned()),
        version: 2,
        ..other.clone()
    };
    let changes = [(&one, &fine), (&other, &clash)].map(|(before, after)| Change { before, after });
    let outcome = tasks::save(&mut conn, ann.id, &changes);
    let unique = DatabaseErrorKind::UniqueViolation;
    assert!(
        matches!(outcome, Err(Error::DatabaseError(ref kind, _)) if *kind == unique),
        "{outcome:?}"
    );
    for task in [one, other] {
        let kept = tasks::find(&mut conn, ann.id, task.id, Place::Live).unwrap();
        assert_eq!(kept, Some(task));
    }
}

async fn locked_and_external_tasks_are_the_owners(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    let named = |owner, external_id: &str| Task {
        external_id: Some(external_id.to_owned()),
        ..task(owner, "Milk")
    };
    let live = store(&mut conn, named(&ann, "live"));
    let trashed = store(&mut conn, named(&ann, "trashed"));
    let trashed = change(&mut conn, &trashed, trashed.trashed(trashed.updated_at));
    let foreign = store(&mut conn, named(&bob, "foreign"));
    let ids = [trashed.id, foreign.id, live.id, 987_654_321];
    let locked = tasks::lock(&mut conn, ann.id, &ids).unwrap();
    assert_eq!(locked, [live.clone(), trashed], "in order of id");
    let names = ["foreign", "trashed", "live", "none"].map(str::to_owned);
    let external = tasks::find_external(&mut conn, ann.id, &names).unwrap();
    assert_eq!(external, [live]);
}

async fn another_owner_finds_nothing_and_changes_nothing(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    let hers = store(&mut conn, labelled(&ann, "Milk", &["home"]));
    for place in [Place::Live, Place::Trash] {
        let found = tasks::find(&mut conn, bob.id, hers.id, place).unwrap();
        assert_eq!(found, None);
    }
    for filter in [TaskFilter::default(), found("milk"), with_label("home")] {
        assert_eq!(list(&mut conn, &bob, &filter), [], "{filter}");
        assert_eq!(list(&mut conn, &ann, &filter), from_ref(&hers), "{filter}");
    }
    let stolen = Task {
        user_id: bob.id,
        title: "Mine".to_owned(),
        ..hers.clone()
    };
    let stolen = Change {
        before: &hers,
        after: &stolen,
    };
    let saved = tasks::save(&mut conn, bob.id, &[stolen]).unwrap();
    assert_eq!(saved, [0; 0]);
    let left = tasks::find(&mut conn, ann.id, hers.id, Place::Live).unwrap();
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
        let new = Task {
            due_at: Some(written),
            created_at: written,
            ..task(&ann, "Milk")
        };
        let id = store(&mut conn, new).id;
        // A connection of its own: what was stored, not what was sent.
        let stored =
            tasks::find(&mut fixtures::open(&db.database), ann.id, id, Place::Live).unwrap();
        let stored = stored.expect("the task");
        assert_eq!(stored.due_at, Some(written));
        assert_eq!(stored.created_at.to_string(), text);
        // A change writes it in the same form, so that equal times are equal in the table.
        let next = Task {
            due_at: None,
            version: 2,
            ..stored.clone()
        };
        let change = Change {
            before: &stored,
            after: &next,
        };
        tasks::save(&mut conn, ann.id, &[change]).unwrap();
        store(
            &mut conn,
            Task {
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
