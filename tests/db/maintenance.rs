//! Statements of the background job, and the answers that it purges.

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use diesel_migrations::MigrationHarness;
use task_api::{
    db::{DbConn, migrations},
    models::{
        filter::TaskFilter, idempotency::IdempotencyKey, priority::Priority, sort::Sort,
        task::Task, time::UtcTime, user::User,
    },
    repositories::{
        idempotency::{self, Insertion, Stored},
        list::page::{self, Listing},
        maintenance::{self, Perishable},
        tasks::{self, Place},
    },
};

use crate::{
    fixtures::{self, Migrated, change, found, list, sorted, store, task, time, user},
    migrations::tree,
    support::{database::TestDatabase, runner::Engine},
};

crate::cases![
    the_trash_is_purged_by_age_a_step_at_a_time,
    tasks_from_before_the_index_are_indexed,
    what_changed_meanwhile_keeps_its_index,
    what_an_older_copy_changes_is_indexed_anew,
    a_walk_by_title_is_whole_before_all_is_indexed,
    an_answer_is_found_under_its_key,
    a_key_that_is_taken_stays_as_it_is,
    an_expired_answer_gives_its_key_up,
    keys_are_purged_by_age_a_step_at_a_time,
];

fn day(day: u32) -> UtcTime {
    time(&format!("2099-12-{day:02}T00:00:00Z"))
}

async fn the_trash_is_purged_by_age_a_step_at_a_time(db: Migrated) {
    let mut conn = db.open();
    let owners = [user(&mut conn, "ann"), user(&mut conn, "bob")];
    for owner in &owners {
        store(&mut conn, task(owner, "live"));
        for date in 1..=4 {
            let live = store(&mut conn, task(owner, "trashed"));
            change(&mut conn, &live, live.trashed(day(date)));
        }
    }
    let mut purge = |most| maintenance::purge(&mut conn, Perishable::TRASH, day(3), most).unwrap();
    assert_eq!(purge(4), 4, "no more than a step");
    assert_eq!(
        db.database.count("FROM tasks WHERE deleted_at IS NOT NULL"),
        4
    );
    assert_eq!(
        db.database
            .count("FROM tasks WHERE deleted_at < '2099-12-03'"),
        0,
        "the oldest first"
    );
    assert_eq!(purge(4), 2, "from then or earlier");
    assert_eq!(purge(4), 0);
    assert_eq!(db.database.count("FROM tasks"), 4);
    assert_eq!(
        db.database.count("FROM tasks WHERE deleted_at IS NULL"),
        2,
        "what is not trashed stays"
    );
}

/// What a database holds that another version of the service has written to.
async fn tasks_from_before_the_index_are_indexed(engine: Engine) {
    let database = TestDatabase::create(engine);
    let mut conn = fixtures::open(&database);
    for migration in conn
        .pending_migrations(tree(engine))
        .unwrap()
        .iter()
        .take(2)
    {
        conn.run_migration(migration).unwrap();
    }
    let ann = user(&mut conn, "ann");
    let insert = |conn: &mut DbConn, title: &str| {
        let sql = format!(
            "INSERT INTO tasks (user_id, title, description, created_at, updated_at)
             VALUES ({}, '{title}', 'OLD', '2026-11-23 09:00:00', '2026-11-23 09:00:00')",
            ann.id
        );
        assert_eq!(sql_query(sql).execute(conn), Ok(1));
    };
    for title in ["b milk", "C milk", "Á milk", "a milk", "--"] {
        insert(&mut conn, title);
    }
    migrations::run_pending(&mut conn).unwrap();
    // A copy of the version before writes while the new one runs.
    insert(&mut conn, "B late milk");
    assert_eq!(list(&mut conn, &ann, &TaskFilter::default()).len(), 6);
    assert_eq!(list(&mut conn, &ann, &found("milk")), []);

    assert_eq!(maintenance::index_tasks(&mut conn, 4).unwrap(), 4);
    assert_eq!(maintenance::index_tasks(&mut conn, 4).unwrap(), 2);
    assert_eq!(maintenance::index_tasks(&mut conn, 4).unwrap(), 0);
    let by_title = "title".parse().unwrap();
    let mut titles = |filter: &TaskFilter| -> Vec<String> {
        let tasks = sorted(&mut conn, &ann, filter, &by_title);
        assert!(tasks.iter().all(|task| task.version == 1), "no change");
        tasks.into_iter().map(|task| task.title).collect()
    };
    let milk = ["a milk", "B late milk", "b milk", "C milk", "Á milk"];
    assert_eq!(titles(&found("milk")), milk);
    assert_eq!(titles(&found("a milk")), ["a milk", "Á milk"]);
    assert_eq!(titles(&found("old")).len(), 6);
    assert_eq!(titles(&TaskFilter::default())[0], "--");
}

/// A row that gets its words from a change in between is not written over with those from before.
async fn what_changed_meanwhile_keeps_its_index(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let stored = store(&mut conn, task(&ann, "Milk"));
    let live = store(&mut conn, task(&ann, "Bread"));
    let trashed = change(&mut conn, &live, live.trashed(live.updated_at));
    conn.batch_execute("UPDATE tasks SET title_key = '', words = '', indexed_version = 0")
        .unwrap();
    assert_eq!(
        maintenance::index_tasks(&mut conn, 10).unwrap(),
        2,
        "the trash too"
    );
    assert_eq!(list(&mut conn, &ann, &found("milk")), [stored]);
    assert_eq!(list(&mut conn, &ann, &found("bread")), []);
    let restored = change(&mut conn, &trashed, trashed.restored(trashed.updated_at));
    assert_eq!(list(&mut conn, &ann, &found("bread")), [restored]);
}

/// An older copy knows nothing of words: it writes the title and the version. Neither does a change of
/// something else by this one hide that.
async fn what_an_older_copy_changes_is_indexed_anew(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let stored = store(&mut conn, task(&ann, "Milk"));
    assert_eq!(maintenance::index_tasks(&mut conn, 10).unwrap(), 0);
    conn.batch_execute("UPDATE tasks SET title = 'Bread', version = version + 1")
        .unwrap();
    let changed = tasks::find(&mut conn, ann.id, stored.id, Place::Live).unwrap();
    let changed = changed.expect("the task");
    let urgent = Task {
        priority: Priority::Urgent,
        version: changed.version + 1,
        ..changed.clone()
    };
    change(&mut conn, &changed, urgent);
    assert_eq!(list(&mut conn, &ann, &found("bread")), []);
    assert_eq!(maintenance::index_tasks(&mut conn, 10).unwrap(), 1);
    let indexed = list(&mut conn, &ann, &found("bread"));
    assert_eq!(indexed[0].title_key, "bread");
    assert_eq!(list(&mut conn, &ann, &found("milk")), []);
    assert_eq!(maintenance::index_tasks(&mut conn, 10).unwrap(), 0);
}

async fn a_walk_by_title_is_whole_before_all_is_indexed(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    for title in ["d", "c", "b", "a"] {
        store(&mut conn, task(&ann, title));
    }
    conn.batch_execute("UPDATE tasks SET title_key = '', indexed_version = 0 WHERE title > 'b'")
        .unwrap();
    let (filter, sort) = (TaskFilter::default(), "title".parse::<Sort>().unwrap());
    let listing = Listing {
        owner: ann.id,
        filter: &filter,
        sort: &sort,
        now: UtcTime::now(),
    };
    let (mut walked, mut place) = (Vec::new(), None);
    while let [task] = &page::page(&mut conn, &listing, place.as_deref(), 1).unwrap()[..] {
        place = Some(sort.place_of(task, None));
        walked.push(task.title.clone());
    }
    assert_eq!(walked, ["d", "c", "a", "b"]);
}

fn key(text: &str) -> IdempotencyKey {
    text.parse().unwrap()
}

fn answer(body: &str) -> Stored {
    Stored {
        fingerprint: (0..32).collect(),
        status: 201,
        headers: r#"[["location","/tasks/7"]]"#.to_owned(),
        body: (!body.is_empty()).then(|| body.to_owned()),
    }
}

fn insert(
    conn: &mut DbConn,
    owner: &User,
    name: &str,
    body: &str,
    now: UtcTime,
    expired: Option<UtcTime>,
) -> Insertion {
    let (key, answer) = (key(name), answer(body));
    idempotency::insert(conn, owner.id, &key, &answer, now, expired).unwrap()
}

/// The body under a key.
fn body(conn: &mut DbConn, owner: &User, name: &str, expired: Option<UtcTime>) -> Option<String> {
    let found = idempotency::find(conn, owner.id, &key(name), expired).unwrap();
    found.map(|stored| stored.body.unwrap_or_default())
}

async fn an_answer_is_found_under_its_key(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let bob = user(&mut conn, "bob");
    let awkward = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    for name in ["k", awkward, &"k".repeat(255)] {
        assert_eq!(body(&mut conn, &ann, name, None), None);
        let stored = insert(&mut conn, &ann, name, "{\"é\": '\u{1F95B}'}", day(1), None);
        assert_eq!(stored, Insertion::Stored);
        let expected = Some("{\"é\": '\u{1F95B}'}".to_owned());
        assert_eq!(body(&mut conn, &ann, name, None), expected);
        assert_eq!(body(&mut conn, &bob, name, None), None, "another's");
    }
    let stored = insert(&mut conn, &bob, "k", "", day(1), None);
    assert_eq!(stored, Insertion::Stored, "a key belongs to a user");
    let found = idempotency::find(&mut conn, bob.id, &key("k"), None).unwrap();
    let (found, expected) = (found.expect("the answer"), answer(""));
    assert_eq!(found.fingerprint, expected.fingerprint);
    assert_eq!((found.status, found.headers), (201, expected.headers));
    assert_eq!(found.body, None);
    assert_eq!(body(&mut conn, &ann, "K", None), None, "case matters");
}

async fn a_key_that_is_taken_stays_as_it_is(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    for expired in [None, Some(day(1))] {
        insert(&mut conn, &ann, "k", "first", day(2), expired);
        let again = insert(&mut conn, &ann, "k", "second", day(3), expired);
        assert_eq!(again, Insertion::Taken);
        assert_eq!(
            body(&mut conn, &ann, "k", expired),
            Some("first".to_owned())
        );
    }
}

async fn an_expired_answer_gives_its_key_up(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    insert(&mut conn, &ann, "k", "first", day(2), None);
    let first = Some("first".to_owned());
    assert_eq!(body(&mut conn, &ann, "k", Some(day(1))), first);
    assert_eq!(body(&mut conn, &ann, "k", Some(day(2))), None, "from then");
    assert_eq!(
        body(&mut conn, &ann, "k", Some(day(3))),
        None,
        "from before"
    );
    assert_eq!(body(&mut conn, &ann, "k", None), first, "no answer expires");

    let second = insert(&mut conn, &ann, "k", "second", day(4), Some(day(2)));
    assert_eq!(second, Insertion::Stored);
    let found = body(&mut conn, &ann, "k", Some(day(3)));
    assert_eq!(found, Some("second".to_owned()));
    assert_eq!(db.database.count("FROM idempotency_keys"), 1);
}

async fn keys_are_purged_by_age_a_step_at_a_time(db: Migrated) {
    let mut conn = db.open();
    let owners = [user(&mut conn, "ann"), user(&mut conn, "bob")];
    for owner in &owners {
        for date in 1..=4 {
            insert(&mut conn, owner, &format!("k{date}"), "", day(date), None);
        }
    }
    let mut purge = |most| maintenance::purge(&mut conn, Perishable::KEYS, day(3), most).unwrap();
    assert_eq!(purge(4), 4, "no more than a step");
    assert_eq!(purge(4), 2, "from then or earlier");
    assert_eq!(purge(4), 0);
    for owner in &owners {
        assert_eq!(body(&mut conn, owner, "k4", None), Some(String::new()));
    }
    assert_eq!(db.database.count("FROM idempotency_keys"), 2);
}
