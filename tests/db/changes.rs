//! Changes of several tasks in one statement.

use task_api::{
    models::{
        priority::Priority,
        shared_change::Changes,
        status::Status,
        task::{Change, Task},
    },
    repositories::tasks,
};

use crate::fixtures::{self, Migrated, found, labelled, list, store, task, time, user};

crate::cases![several_changes_are_saved_at_once];

/// Every column but the key and the time of creation.
async fn several_changes_are_saved_at_once(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let before = ["a", "b", "c"].map(|title| store(&mut conn, task(&ann, title)));
    let after = before.each_ref().map(|before| Task {
        title: "Oat milk".to_owned(),
        description: Some(format!("of {}", before.title)),
        status: Status::Done,
        priority: Priority::Urgent,
        due_at: Some(time("2026-12-24T18:00:00Z")),
        version: 2,
        completed_at: Some(before.updated_at),
        updated_at: time("2099-12-24T18:00:00Z"),
        labels: labelled(&ann, "x", &["new"]).labels,
        external_id: Some(format!("x {}", before.title)),
        ..before.clone()
    });
    let changes: Vec<Change<'_>> = before
        .iter()
        .zip(&after)
        .map(|(before, after)| Change { before, after })
        .collect();
    assert_eq!(
        tasks::save_all(&mut conn, ann.id, Changes::of(changes)),
        Ok(3)
    );
    for task in &after {
        let kept = fixtures::live(&mut conn, ann.id, task.id);
        assert_eq!(kept.as_ref(), Some(task));
    }
    assert_eq!(
        list(&mut conn, &ann, &found("oat milk of b")),
        [after[1].clone()]
    );
    let cleared = tasks::clear_external_ids(&mut conn, ann.id, &[after[0].id]);
    assert_eq!(cleared, Ok(1));
    let trashed = after[1].trashed(None, after[1].updated_at);
    let change = Change {
        before: &after[1],
        after: &trashed,
    };
    assert_eq!(
        tasks::save_all(&mut conn, ann.id, Changes::of([change])),
        Ok(1)
    );
    let kept = fixtures::trashed(&mut conn, ann.id, trashed.id);
    assert_eq!(kept, Some(trashed));
    assert_eq!(db.database.count("FROM tasks WHERE external_id IS NULL"), 1);
}
