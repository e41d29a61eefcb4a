//! Statements of the background job, and the answers that it purges.

use task_api::{
    db::DbConn,
    models::{
        idempotency::{IdempotencyKey, NewAnswer},
        time::UtcTime,
        user::User,
    },
    repositories::{
        idempotency,
        maintenance::{self, PurgeTarget},
    },
};

use crate::fixtures::{Migrated, change, store, task, time, user};

crate::cases![
    the_trash_is_purged_by_age_a_step_at_a_time,
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
            change(&mut conn, &live, live.trashed(None, day(date)));
        }
    }
    let mut purge =
        |most| maintenance::purge(&mut conn, PurgeTarget::TRASHED_TASKS, day(3), most).unwrap();
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

fn key(text: &str) -> IdempotencyKey {
    text.parse().unwrap()
}

const FINGERPRINT: [u8; 32] = [7; 32];
const HEADERS: &str = r#"[["location","/tasks/7"]]"#;

fn insert(
    conn: &mut DbConn,
    owner: &User,
    name: &str,
    body: &str,
    now: UtcTime,
    expired: Option<UtcTime>,
) -> bool {
    let answer = NewAnswer {
        user_id: owner.id,
        key: name,
        fingerprint: &FINGERPRINT,
        status: 201,
        headers: HEADERS.to_owned(),
        body: Some(body).filter(|body| !body.is_empty()),
        created_at: now,
    };
    idempotency::insert(conn, &answer, expired.unwrap_or_default()).unwrap()
}

/// The body under a key.
fn body(conn: &mut DbConn, owner: &User, name: &str, expired: Option<UtcTime>) -> Option<String> {
    let expired = expired.unwrap_or_default();
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
        assert!(stored);
        let expected = Some("{\"é\": '\u{1F95B}'}".to_owned());
        assert_eq!(body(&mut conn, &ann, name, None), expected);
        assert_eq!(body(&mut conn, &bob, name, None), None, "another's");
    }
    let stored = insert(&mut conn, &bob, "k", "", day(1), None);
    assert!(stored, "a key belongs to a user");
    let found = idempotency::find(&mut conn, bob.id, &key("k"), UtcTime::default()).unwrap();
    let found = found.expect("the answer");
    assert_eq!(found.fingerprint, FINGERPRINT);
    assert_eq!((found.status, found.headers.as_str()), (201, HEADERS));
    assert_eq!(found.body, None);
    assert_eq!(body(&mut conn, &ann, "K", None), None, "case matters");
}

async fn a_key_that_is_taken_stays_as_it_is(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    for expired in [None, Some(day(1))] {
        insert(&mut conn, &ann, "k", "first", day(2), expired);
        let again = insert(&mut conn, &ann, "k", "second", day(3), expired);
        assert!(!again);
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
    assert!(second);
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
    let mut purge = |most| maintenance::purge(&mut conn, PurgeTarget::KEYS, day(3), most).unwrap();
    assert_eq!(purge(4), 4, "no more than a step");
    assert_eq!(purge(4), 2, "from then or earlier");
    assert_eq!(purge(4), 0);
    for owner in &owners {
        assert_eq!(body(&mut conn, owner, "k4", None), Some(String::new()));
    }
    assert_eq!(db.database.count("FROM idempotency_keys"), 2);
}
