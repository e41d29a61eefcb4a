//! Labels of many tasks at once, whatever characters their names have.

use std::slice::from_ref;

use task_api::{
    db::DbConn,
    models::{
        label::Labels,
        task::{NewTask, Task},
        user::User,
    },
    repositories::{labels, tasks},
};

use crate::fixtures::{
    self, Migrated, change, label, labelled, list, live, store, task, time, user, with_label,
};

crate::cases![
    a_label_is_renamed_where_it_is,
    a_label_is_merged_into_another,
    a_label_is_taken_away,
    awkward_names_are_names_like_others,
    another_owners_and_trashed_tasks_keep_theirs,
    time_does_not_run_backwards,
    sets_of_labels_are_counted,
];

/// Names that mean something in SQL, in JSON, in a question to an inverted index, or in a pattern.
const AWKWARD: [&str; 22] = [
    "it's",
    "''",
    "\"quoted\"",
    "back\\slash",
    "\\",
    "\\'",
    "at home",
    "a  b",
    "tab\there",
    "line\nbreak",
    "\u{1F95B}",
    "é",
    "q\u{301}",
    "牛乳",
    "%_*?",
    "a & b | !c",
    "x:*",
    "#1",
    "NULL",
    "[1]",
    "{}",
    "a\u{2028}b",
];

fn now() -> task_api::models::time::UtcTime {
    time("2099-01-01T00:00:00Z")
}

fn replace(conn: &mut DbConn, owner: &User, old: &str, new: Option<&str>) -> usize {
    let (old, new) = (label(old), new.map(label));
    let locked = labels::lock(conn, owner.id, &old, 100).unwrap();
    for (id, set) in &locked {
        let set = set.replaced(&old, new.as_ref());
        let changed = labels::set(conn, owner.id, &[*id], &set, now());
        assert_eq!(changed, Ok(1));
    }
    locked.len()
}

fn count(conn: &mut DbConn, owner: &User, name: &str) -> i64 {
    labels::count(conn, owner.id, &label(name)).unwrap()
}

/// The task as it is stored.
fn stored(conn: &mut DbConn, task: &Task) -> Task {
    let found = live(conn, task.user_id, task.id);
    found.expect("the task")
}

fn owned(labels: &Labels) -> Vec<String> {
    labels.names().map(str::to_owned).collect()
}

/// Its labels and its version.
fn labels_of(conn: &mut DbConn, task: &Task) -> (Vec<String>, i64) {
    let stored = stored(conn, task);
    (owned(&stored.labels), stored.version)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn a_label_is_renamed_where_it_is(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let alone = store(&mut conn, labelled(&ann, "a", &["b"]));
    let among = store(&mut conn, labelled(&ann, "b", &["a", "b", "c"]));
    let other = store(&mut conn, labelled(&ann, "c", &["B", "bb", "b b"]));
    let none = store(&mut conn, task(&ann, "b"));
    assert_eq!(replace(&mut conn, &ann, "b", Some("z")), 2);
    assert_eq!(labels_of(&mut conn, &alone), (names(&["z"]), 2));
    let ordered = names(&["a", "c", "z"]);
    assert_eq!(labels_of(&mut conn, &among), (ordered, 2));
    assert_eq!(stored(&mut conn, &other), other);
    assert_eq!(stored(&mut conn, &none), none);
    assert_eq!(stored(&mut conn, &among).updated_at, now());
    assert_eq!(
        (count(&mut conn, &ann, "b"), count(&mut conn, &ann, "z")),
        (0, 2)
    );
    assert_eq!(list(&mut conn, &ann, &with_label("b")), []);
    assert_eq!(list(&mut conn, &ann, &with_label("z")).len(), 2);
    assert_eq!(replace(&mut conn, &ann, "b", Some("y")), 0);
}

async fn a_label_is_merged_into_another(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let both = store(&mut conn, labelled(&ann, "a", &["a", "b", "c"]));
    let old = store(&mut conn, labelled(&ann, "b", &["b", "x"]));
    let new = store(&mut conn, labelled(&ann, "c", &["c", "x"]));
    assert_eq!(replace(&mut conn, &ann, "b", Some("c")), 2);
    assert_eq!(labels_of(&mut conn, &both), (names(&["a", "c"]), 2));
    assert_eq!(labels_of(&mut conn, &old), (names(&["c", "x"]), 2));
    assert_eq!(stored(&mut conn, &new), new);
    assert_eq!(
        (count(&mut conn, &ann, "b"), count(&mut conn, &ann, "c")),
        (0, 3)
    );
}

async fn a_label_is_taken_away(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let alone = store(&mut conn, labelled(&ann, "a", &["b"]));
    let among = store(&mut conn, labelled(&ann, "b", &["a", "b", "c"]));
    assert_eq!(replace(&mut conn, &ann, "b", None), 2);
    assert_eq!(labels_of(&mut conn, &alone), (names(&[]), 2));
    assert_eq!(labels_of(&mut conn, &among), (names(&["a", "c"]), 2));
    assert_eq!(count(&mut conn, &ann, "b"), 0);
    assert_eq!(replace(&mut conn, &ann, "b", None), 0);
    assert_eq!(labels_of(&mut conn, &alone).1, 2, "nothing to take away");
}

async fn awkward_names_are_names_like_others(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    for name in AWKWARD {
        let task = store(&mut conn, labelled(&ann, "Milk", &["a", name, "~"]));
        let before = stored(&mut conn, &task).labels;
        assert_eq!(before, task.labels, "{name:?}");
        assert_eq!(count(&mut conn, &ann, name), 1, "{name:?}");
        assert_eq!(list(&mut conn, &ann, &with_label(name)), from_ref(&task));

        assert_eq!(replace(&mut conn, &ann, name, Some("plain")), 1, "{name:?}");
        let expected = labelled(&ann, "Milk", &["a", "plain", "~"]).labels;
        assert_eq!(stored(&mut conn, &task).labels, expected, "{name:?}");
        assert_eq!(replace(&mut conn, &ann, "plain", Some(name)), 1, "{name:?}");
        assert_eq!(stored(&mut conn, &task).labels, task.labels, "{name:?}");

        assert_eq!(replace(&mut conn, &ann, name, None), 1, "{name:?}");
        let expected = labelled(&ann, "Milk", &["a", "~"]).labels;
        assert_eq!(stored(&mut conn, &task).labels, expected, "{name:?}");
        assert_eq!(count(&mut conn, &ann, name), 0, "{name:?}");
    }
    assert_eq!(count(&mut conn, &ann, "~"), AWKWARD.len() as i64);

    // All at once, as many as fit: each is taken out of the middle of the others.
    let most = &AWKWARD[..20];
    let task = store(&mut conn, labelled(&ann, "Bread", most));
    let mut left = most.to_vec();
    for name in most {
        left.retain(|other| other != name);
        assert_eq!(replace(&mut conn, &ann, name, None), 1, "{name:?}");
        let expected = labelled(&ann, "Bread", &left).labels;
        assert_eq!(stored(&mut conn, &task).labels, expected, "{name:?}");
    }
}

async fn another_owners_and_trashed_tasks_keep_theirs(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    let foreign = store(&mut conn, labelled(&bob, "a", &["b"]));
    let trashed = store(&mut conn, labelled(&ann, "a", &["b"]));
    let trashed = change(
        &mut conn,
        &trashed,
        trashed.trashed(None, trashed.updated_at),
    );
    assert_eq!(count(&mut conn, &ann, "b"), 0);
    assert_eq!(replace(&mut conn, &ann, "b", Some("c")), 0);
    assert_eq!(replace(&mut conn, &ann, "b", None), 0);
    assert_eq!(stored(&mut conn, &foreign), foreign);
    let kept = fixtures::trashed(&mut conn, ann.id, trashed.id);
    assert_eq!(kept.as_ref(), Some(&trashed));
    let restored = change(
        &mut conn,
        &trashed,
        trashed.restored(None, None, trashed.updated_at),
    );
    assert_eq!(list(&mut conn, &ann, &with_label("b")), [restored]);
}

async fn time_does_not_run_backwards(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let ahead = NewTask {
        updated_at: time("2999-01-01T00:00:00Z"),
        ..labelled(&ann, "a", &["b"])
    };
    let ahead = store(&mut conn, ahead);
    assert_eq!(replace(&mut conn, &ann, "b", Some("c")), 1);
    assert_eq!(stored(&mut conn, &ahead).updated_at, ahead.updated_at);
}

async fn sets_of_labels_are_counted(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    for labels in [&["b", "a"][..], &["a", "b"], &["a"], &[]] {
        store(&mut conn, labelled(&ann, "Milk", labels));
    }
    let trashed = store(&mut conn, labelled(&ann, "Milk", &["a", "trashed"]));
    change(
        &mut conn,
        &trashed,
        trashed.trashed(None, trashed.updated_at),
    );
    store(&mut conn, labelled(&bob, "Milk", &["his"]));
    let mut sets: Vec<(Vec<String>, i64)> = tasks::count_label_sets(&mut conn, ann.id)
        .unwrap()
        .into_iter()
        .map(|(labels, count)| (owned(&labels), count))
        .collect();
    sets.sort();
    assert_eq!(sets, [(names(&["a"]), 1), (names(&["a", "b"]), 2)]);
}
