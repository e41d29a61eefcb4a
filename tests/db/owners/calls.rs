//! Runs the functions of the repositories, in the shapes that their statements have.

use task_api::{
    db::DbConn,
    models::{
        client::Client,
        event::NewEvent,
        personal_token::NewPersonalToken,
        session::{NewRefreshToken, NewSession},
        task::Task,
        throttle::Policy,
        time::UtcTime,
        user::{NewUser, User},
    },
    repositories::{
        idempotency::Stored,
        tasks::{Change, Place},
    },
};

use super::{list_calls, tape::Tape};
use crate::{
    call,
    fixtures::{HASH, label, labelled, task, time},
};

/// Users before the owner, so that no other id is the owner's.
const OTHERS: usize = 60;

const NOW: &str = "2026-11-23T09:00:00Z";
const LATER: &str = "2027-11-23T09:00:00Z";

/// Runs all of them on behalf of one user, whom it returns.
pub fn run(conn: DbConn) -> (Tape, User) {
    let mut tape = Tape::new(conn);
    let owner = users(&mut tape);
    call!(tape, health::pending_migrations());
    sessions(&mut tape, &owner);
    personal_tokens(&mut tape, &owner);
    events(&mut tape, &owner);
    throttles(&mut tape);
    idempotency(&mut tape, &owner);
    tasks(&mut tape, &owner);
    list_calls::run(&mut tape, &owner);
    labels(&mut tape, &owner);
    trash(&mut tape, &owner);
    call!(tape, users::lock(owner.id));
    call!(tape, users::delete(owner.id));
    (tape, owner)
}

fn users(tape: &mut Tape) -> User {
    let mut last = None;
    for number in 0..=OTHERS {
        let email = format!("user{number}@example.com");
        let new = NewUser {
            email: &email,
            password_hash: HASH,
            created_at: time(NOW),
        };
        last = Some(call!(tape, users::insert(&new)));
    }
    let owner = last.expect("a user");
    assert!(owner.id > OTHERS as i64);
    call!(tape, users::find_by_email(&owner.email));
    call!(tape, users::find_credentials(&owner.email));
    call!(tape, users::find_credentials_by_id(owner.id));
    call!(tape, users::set_password_hash(owner.id, HASH));
    call!(tape, users::set_email(owner.id, &owner.email, 0));
    call!(tape, users::list(0, 10));
    call!(tape, users::take_turn(owner.id));
    owner
}

fn sessions(tape: &mut Tape, owner: &User) {
    let new = NewSession {
        user_id: owner.id,
        created_at: time(NOW),
        last_used_at: time(NOW),
        expires_at: time(LATER),
        ip: "192.0.2.1".to_owned(),
        user_agent: Some("curl"),
    };
    let id = call!(tape, sessions::insert(&new));
    call!(tape, sessions::find_user(&owner.email, id)).expect("the session");
    call!(tape, sessions::exists(owner.id, id));
    call!(tape, sessions::list(owner.id, time(NOW), None, 10));
    call!(tape, sessions::list(owner.id, time(NOW), Some(id), 10));
    let times = (time(NOW), time(LATER));
    call!(tape, sessions::touch(owner.id, id, ("::1", None), times));
    let (first, second) = ([1; 32], [2; 32]);
    let token = NewRefreshToken {
        user_id: owner.id,
        hash: &first,
        session_id: id,
    };
    call!(tape, refresh_tokens::insert(&token));
    call!(tape, refresh_tokens::find(owner.id, &first)).expect("the token");
    call!(
        tape,
        refresh_tokens::mark_used(owner.id, &first, time(NOW), &second)
    );
    call!(tape, sessions::delete_all(owner.id, Some(id)));
    call!(tape, sessions::delete_all(owner.id, None));
    call!(tape, sessions::delete(owner.id, id));
}

fn personal_tokens(tape: &mut Tape, owner: &User) {
    let hash = [3; 32];
    let new = NewPersonalToken {
        user_id: owner.id,
        hash: &hash,
        name: "CI",
        scopes: "tasks:read".to_owned(),
        expires_at: time(LATER),
        created_at: time(NOW),
    };
    let id = call!(tape, personal_tokens::insert(&new)).id;
    call!(tape, personal_tokens::find(owner.id, &hash)).expect("the token");
    call!(tape, personal_tokens::list(owner.id, None, 10));
    call!(tape, personal_tokens::list(owner.id, Some(id), 10));
    call!(
        tape,
        personal_tokens::touch(owner.id, id, time(NOW), time(NOW))
    );
    call!(tape, personal_tokens::delete(owner.id, id));
}

fn events(tape: &mut Tape, owner: &User) {
    let event = NewEvent {
        user_id: owner.id,
        kind: "login_failed",
        created_at: time(NOW),
        ip: None,
        request_id: None,
    };
    call!(tape, events::insert(&event));
    call!(tape, events::insert_for(&owner.email, &event));
    call!(tape, events::list(owner.id, None, 10));
    call!(tape, events::list(owner.id, Some(5), 10));
    call!(tape, events::delete_all(owner.id));
}

fn throttles(tape: &mut Tape) {
    let client = Client {
        ip: "192.0.2.1".parse().unwrap(),
        user_agent: None,
        request_id: String::new(),
    };
    let policies = [Policy::Account, Policy::Address];
    let buckets = policies.map(|policy| policy.bucket(&client, "ann@example.com"));
    call!(tape, throttles::count(&buckets, time(NOW), time(LATER)));
    call!(tape, throttles::find(&buckets, time(NOW)));
}

fn idempotency(tape: &mut Tape, owner: &User) {
    let key = "5f2b1c7e".parse().unwrap();
    let answer = Stored {
        fingerprint: vec![4; 32],
        status: 201,
        headers: "[]".to_owned(),
        body: None,
    };
    for expired in [None, Some(time(NOW))] {
        call!(
            tape,
            idempotency::insert(owner.id, &key, &answer, time(NOW), expired)
        );
        call!(tape, idempotency::find(owner.id, &key, expired));
    }
}

/// Leaves tasks behind, some of them with labels.
fn tasks(tape: &mut Tape, owner: &User) {
    let mut new = [
        Task {
            external_id: Some("x".to_owned()),
            due_at: Some(time(LATER)),
            ..labelled(owner, "Buy milk", &["home", "shop"])
        },
        labelled(owner, "Bread", &["home"]),
        task(owner, "Butter"),
    ];
    call!(tape, tasks::insert(&mut new));
    let ids = new.each_ref().map(|task| task.id);
    for place in [Place::Live, Place::Trash] {
        call!(tape, tasks::find(owner.id, ids[0], place));
    }
    assert_eq!(call!(tape, tasks::lock(owner.id, &ids)).len(), 3);
    call!(
        tape,
        tasks::find_external(owner.id, &["x".to_owned(), "y".to_owned()])
    );
    call!(tape, tasks::count_label_sets(owner.id));
    let retitled = Task {
        title: "Buy oat milk".to_owned(),
        version: 2,
        ..new[0].clone()
    };
    let next = Task {
        version: 2,
        ..new[1].clone()
    };
    let [first, second, _] = &new;
    let changes =
        [(first, &retitled), (second, &next)].map(|(before, after)| Change { before, after });
    assert_eq!(call!(tape, tasks::save(owner.id, &changes)).len(), 2);
}

fn labels(tape: &mut Tape, owner: &User) {
    let (home, garden, now) = (label("home"), label("garden"), UtcTime::now());
    assert_eq!(call!(tape, labels::count(owner.id, &home)), 2);
    let replaced = call!(tape, labels::replace(owner.id, &home, Some(&garden), now));
    assert_eq!(replaced, 2);
    let replaced = call!(tape, labels::replace(owner.id, &garden, None, now));
    assert_eq!(replaced, 2);
}

fn trash(tape: &mut Tape, owner: &User) {
    let mut new = [task(owner, "Trash"), task(owner, "More trash")];
    call!(tape, tasks::insert(&mut new));
    let now = UtcTime::now();
    let trashed = new.each_ref().map(|task| task.trashed(now));
    let [first, second] = &new;
    let changes = [(first, &trashed[0]), (second, &trashed[1])];
    let changes = changes.map(|(before, after)| Change { before, after });
    assert_eq!(call!(tape, tasks::save(owner.id, &changes)).len(), 2);
    for place in [None, Some((time(LATER), 3))] {
        call!(tape, tasks::trash(owner.id, place, 10));
    }
    let (id, version) = (trashed[0].id, trashed[0].version);
    assert!(call!(tape, tasks::purge(owner.id, id, version)));
    assert_eq!(call!(tape, tasks::purge_all(owner.id)), 1);
}
