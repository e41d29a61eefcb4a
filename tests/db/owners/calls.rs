//! Runs the functions of the repositories, in the shapes that their statements have.

use task_api::{
    db::DbConn,
    models::{
        client::Client,
        deletion::Deletion,
        epoch::Epoch,
        event::NewEvent,
        idempotency::NewAnswer,
        order_key::OrderKey,
        personal_token::NewPersonalToken,
        project::{NewProject, Project},
        session::{NewRefreshToken, NewSession, SessionUse},
        shared_change::Changes,
        task::{Change, NewTask, Task},
        throttle::Policy,
        time::UtcTime,
        user::{NewUser, User},
    },
    repositories::list::graph::Side,
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

/// Runs all of them on behalf of one user, and returns that user.
pub fn run(conn: DbConn) -> (Tape, User) {
    let mut tape = Tape::new(conn);
    let owner = users(&mut tape);
    sessions(&mut tape, &owner);
    personal_tokens(&mut tape, &owner);
    events(&mut tape, &owner);
    throttles(&mut tape);
    idempotency(&mut tape, &owner);
    tasks(&mut tape, &owner);
    list_calls::run(&mut tape, &owner);
    call!(tape, computed::count_subtasks(owner.id, &[1, 2]));
    labels(&mut tape, &owner);
    trash(&mut tape, &owner);
    projects(&mut tape, &owner);
    call!(tape, users::lock(owner.id));
    call!(tape, users::mark_deleted(owner.id, time(NOW)));
    assert!(call!(tape, users::lock_deleted(owner.id)));
    assert!(call!(tape, users::lock_next_deleted()).is_some());
    call!(tape, account_rows::delete(owner.id, "login_failed", 100));
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
    call!(tape, users::replace_password_hash(owner.id, HASH, HASH));
    call!(tape, users::set_email(owner.id, &owner.email, 0));
    call!(tape, users::list(0, 10));
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
    let session_use = SessionUse {
        last_used_at: time(NOW),
        expires_at: time(LATER),
        ip: "::1",
        user_agent: None,
    };
    call!(tape, sessions::touch(owner.id, id, &session_use));
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
        kind: "login_failed",
        created_at: time(NOW),
        ip: None,
        request_id: None,
    };
    call!(tape, events::insert(owner.id, &event));
    call!(tape, events::insert_for(&owner.email, &event));
    call!(tape, events::list(owner.id, None, 10));
    call!(tape, events::list(owner.id, Some(5), 10));
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
    call!(tape, epochs::set(Epoch::from(7)));
    call!(tape, epochs::find());
}

fn idempotency(tape: &mut Tape, owner: &User) {
    let key = "5f2b1c7e".parse().unwrap();
    let answer = NewAnswer {
        user_id: owner.id,
        key: "5f2b1c7e",
        fingerprint: &[4; 32],
        status: 201,
        headers: "[]".to_owned(),
        body: None,
        created_at: time(NOW),
    };
    call!(tape, advisory_lock::try_lock(7));
    call!(tape, advisory_lock::try_lock_text(owner.id, "5f2b1c7e"));
    call!(tape, idempotency::insert(&answer, time(NOW)));
    call!(tape, idempotency::find(owner.id, &key, time(NOW)));
}

/// Leaves tasks behind, some of them with labels.
fn tasks(tape: &mut Tape, owner: &User) {
    let new = [
        NewTask {
            external_id: Some("x".to_owned()),
            due_at: Some(time(LATER)),
            ..labelled(owner, "Buy milk", &["home", "shop"])
        },
        labelled(owner, "Bread", &["home"]),
    ];
    let stored = new.map(|task| call!(tape, tasks::insert(&task)));
    let ids = call!(tape, tasks::reserve_ids(1));
    let several = Task {
        id: ids[0],
        external_id: None,
        labels: Default::default(),
        ..stored[0].clone()
    };
    call!(tape, tasks::insert_all(&[&several]));
    let last = call!(tape, tasks::insert(&task(owner, "Butter")));
    call!(tape, tasks::find(owner.id, last.id));
    call!(tape, tasks::find_with_epoch(owner.id, last.id)).expect("the task");
    let ids = [stored[0].id, stored[1].id, last.id];
    assert_eq!(call!(tape, tasks::lock(owner.id, &ids)).len(), 3);
    call!(
        tape,
        tasks::holders(owner.id, &["x".to_owned(), "y".to_owned()])
    );
    call!(tape, tasks::count_label_sets(owner.id));
    let retitled = Task {
        title: "Buy oat milk".to_owned(),
        version: 2,
        ..stored[0].clone()
    };
    let next = Task {
        version: 2,
        ..stored[1].clone()
    };
    let changes = [(&stored[0], &retitled), (&stored[1], &next)];
    let changes = changes.map(|(before, after)| Change { before, after });
    assert_eq!(
        call!(tape, tasks::save_all(owner.id, Changes::of(changes))),
        2
    );
    call!(tape, tasks::clear_external_ids(owner.id, &ids));
    assert_eq!(call!(tape, tasks::pending(owner.id, &ids)).len(), 3);
    call!(
        tape,
        tasks::of_deletions(owner.id, &[&Deletion::of_task(7)])
    );
    call!(tape, projects::live_among(owner.id, &[7]));
    assert_eq!(call!(tape, list::graph::trees(owner.id, &ids)).len(), 3);
    assert_eq!(call!(tape, list::graph::blockers(owner.id, &ids)).len(), 3);
    let place = (last.order_key(), last.id);
    let mut count = |side| call!(tape, list::graph::neighbours(owner.id, &place, side, 2)).len();
    assert_eq!(count(Side::Before) + count(Side::After), 2);
}

fn save(tape: &mut Tape, before: &Task, after: &Task) {
    assert!(call!(tape, tasks::save(&Change { before, after })));
}

fn labels(tape: &mut Tape, owner: &User) {
    let (home, garden, now) = (label("home"), label("garden"), UtcTime::now());
    assert_eq!(call!(tape, labels::count(owner.id, &home)), 2);
    let locked = call!(tape, labels::lock(owner.id, &home, 10));
    assert_eq!(locked.len(), 2);
    for (id, set) in locked {
        let set = set.replaced(&home, Some(&garden));
        assert_eq!(call!(tape, labels::set(owner.id, &[id], &set, now)), 1);
    }
}

fn trash(tape: &mut Tape, owner: &User) {
    let now = UtcTime::now();
    let [first, second] = ["Trash", "More trash"].map(|title| {
        let live = call!(tape, tasks::insert(&task(owner, title)));
        let trashed = live.trashed(None, now);
        save(tape, &live, &trashed);
        trashed
    });
    for after in [None, Some((time(LATER), 3))] {
        call!(tape, tasks::trash(owner.id, after, 10));
    }
    assert!(call!(tape, tasks::purge(owner.id, first.id, first.version)));
    assert!(call!(tape, tasks::find(owner.id, second.id)).is_some());
    let purged = call!(tape, tasks::purge_some(owner.id, time(LATER), 10));
    assert_eq!(purged, 1);
}

fn projects(tape: &mut Tape, owner: &User) {
    let now = UtcTime::now();
    let new = NewProject {
        user_id: owner.id,
        name: "House".to_owned(),
        description: None,
        color: None,
        archived: false,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let Project { id, .. } = call!(tape, projects::insert(&new));
    let deletion = Deletion::of_project(id);
    call!(tape, projects::count(owner.id));
    call!(tape, projects::find(owner.id, id)).expect("the project");
    call!(tape, projects::find_all(owner.id, &[id]));
    for archived in [None, Some(false)] {
        assert_eq!(call!(tape, projects::order(owner.id, archived)).len(), 1);
    }
    let position = OrderKey::of_id(9);
    call!(tape, projects::set_position(owner.id, id, &position, now));
    call!(tape, project_tasks::count(owner.id, id));
    call!(tape, project_tasks::count_open(owner.id, &[id]));
    call!(tape, project_tasks::trash(owner.id, id, &deletion, now));
    call!(tape, project_tasks::release(owner.id, id, now));
    call!(tape, project_tasks::count_trashed(owner.id, &deletion));
    call!(tape, project_tasks::holder(owner.id, &deletion));
    call!(tape, project_tasks::release_orphans(owner.id, &deletion));
    call!(tape, project_tasks::restore(owner.id, &deletion, now));
    let (project, _) = call!(tape, projects::lock(owner.id, id)).expect("the project");
    call!(tape, projects::save(&project.trashed(now)));
    for after in [None, Some((time(LATER), 3))] {
        call!(tape, projects::trash(owner.id, after, 10));
    }
    call!(tape, projects::purge(owner.id, id));
    call!(tape, projects::purge_some(owner.id, time(LATER), 10));
}
