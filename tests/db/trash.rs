//! The trash: where a task is found, and what deletes it for good.

use task_api::{
    models::{filter::TaskFilter, task::Task, user::User},
    repositories::tasks,
};

use crate::fixtures::{self, Migrated, change, list, store, task, time, user};

crate::cases![
    a_task_is_in_one_place,
    the_trash_is_last_trashed_first_after_a_position,
    what_has_another_version_or_is_not_trashed_is_not_purged,
    the_trash_of_one_owner_is_emptied,
];

async fn a_task_is_in_one_place(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let live = store(&mut conn, task(&ann, "Milk"));
    let mut places = |id: i64| {
        let found = [
            fixtures::live(&mut conn, ann.id, id),
            fixtures::trashed(&mut conn, ann.id, id),
        ];
        found.map(|task| task.map(|task| task.version))
    };
    assert_eq!(places(live.id), [Some(1), None]);
    let trashed = change(&mut db.open(), &live, live.trashed(None, live.updated_at));
    assert_eq!(places(live.id), [None, Some(2)]);
    change(
        &mut db.open(),
        &trashed,
        trashed.restored(None, None, live.updated_at),
    );
    assert_eq!(places(live.id), [Some(3), None]);
}

async fn the_trash_is_last_trashed_first_after_a_position(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    let days = [2, 1, 3, 1].map(|day| time(&format!("2099-12-0{day}T00:00:00Z")));
    let trashed = days.map(|day| {
        let live = store(&mut conn, task(&ann, "Milk"));
        change(&mut conn, &live, live.trashed(None, day))
    });
    store(&mut conn, task(&ann, "live"));
    let foreign = store(&mut conn, task(&bob, "not hers"));
    change(&mut conn, &foreign, foreign.trashed(None, days[0]));
    let expected = [2, 0, 3, 1].map(|number: usize| trashed[number].clone());
    let mut trash = |after: Option<&Task>, count| {
        let after = after.map(|task| (task.deleted_at.unwrap(), task.id));
        tasks::trash(&mut conn, ann.id, after, count).unwrap()
    };
    assert_eq!(trash(None, 10), expected);
    assert_eq!(trash(None, 3), expected[..3]);
    for (number, task) in expected.iter().enumerate() {
        assert_eq!(trash(Some(task), 10), expected[number + 1..]);
    }
}

async fn what_has_another_version_or_is_not_trashed_is_not_purged(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    let live = store(&mut conn, task(&ann, "Milk"));
    let purge =
        |owner: &User, version| tasks::purge(&mut db.open(), owner.id, live.id, version).unwrap();
    assert!(!purge(&ann, 1), "not in the trash");
    change(&mut conn, &live, live.trashed(None, live.updated_at));
    assert!(!purge(&ann, 1), "of another version");
    assert!(!purge(&bob, 2), "not his");
    assert!(purge(&ann, 2));
    assert!(!purge(&ann, 2), "only once");
    assert_eq!(db.database.count("FROM tasks"), 0);
}

async fn the_trash_of_one_owner_is_emptied(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    for owner in [&ann, &ann, &bob] {
        let live = store(&mut conn, task(owner, "trashed"));
        change(&mut conn, &live, live.trashed(None, live.updated_at));
    }
    let kept = store(&mut conn, task(&ann, "kept"));
    let late = store(&mut conn, task(&ann, "trashed later"));
    let late = change(
        &mut conn,
        &late,
        late.trashed(None, time("2099-12-01T00:00:00Z")),
    );
    let mut purge = |most| {
        let until = time("2099-11-30T23:59:59Z");
        tasks::purge_some(&mut conn, ann.id, until, most).unwrap()
    };
    assert_eq!([purge(1), purge(9), purge(9)], [1, 1, 0]);
    let left = tasks::trash(&mut conn, ann.id, None, 10).unwrap();
    assert_eq!(left, [late]);
    assert_eq!(list(&mut conn, &ann, &TaskFilter::default()), [kept]);
    let his = tasks::trash(&mut conn, bob.id, None, 10).unwrap();
    assert_eq!(his.len(), 1);
}
