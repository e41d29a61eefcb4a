//! Sessions, their refresh tokens and the audit trail: each owner finds and changes its own alone.

use task_api::{
    db::DbConn,
    error::AppError,
    models::{
        epoch::Epoch,
        identity::Actor,
        session::{LogoutScope, NewRefreshToken, NewSession, SessionUse},
        time::UtcTime,
        user::User,
    },
    repositories::{account_rows, epochs, events, refresh_tokens, sessions, users},
    services::sessions::{act, log_out, revoke},
};

use crate::{
    fixtures::{HASH, Migrated, time, user},
    sign_in::{DAY, OTHER_HASH, client, credentials, keys, log_in, refreshed, session_of},
};

crate::cases![
    a_user_is_found_by_address_and_session,
    sessions_are_listed_newest_first_until_they_end,
    a_session_is_touched_by_its_owner_alone,
    sessions_take_their_refresh_tokens_along,
    a_refresh_token_is_found_and_used_by_its_owner_alone,
    events_are_listed_newest_first,
    an_event_is_stored_for_a_known_address,
    a_logout_ends_what_its_scope_says,
    who_acts_is_still_logged_in,
    a_session_is_revoked_by_its_owner_alone,
    a_user_is_changed_alone,
    users_are_listed_by_id,
];

fn day(day: u32) -> UtcTime {
    time(&format!("2099-12-{day:02}T00:00:00Z"))
}

/// A session from the first day until the day `end`.
fn insert(conn: &mut DbConn, owner: &User, end: u32) -> i64 {
    let session = NewSession {
        user_id: owner.id,
        created_at: day(1),
        last_used_at: day(1),
        expires_at: day(end),
        ip: "::1".to_owned(),
        user_agent: None,
    };
    sessions::insert(conn, &session).unwrap()
}

fn insert_token(conn: &mut DbConn, owner: &User, session_id: i64, byte: u8) {
    let token = NewRefreshToken {
        user_id: owner.id,
        hash: &[byte; 32],
        session_id,
    };
    refresh_tokens::insert(conn, &token).unwrap();
}

fn ids(conn: &mut DbConn, owner: &User, before: Option<i64>, most: i64) -> Vec<i64> {
    let found = sessions::list(conn, owner.id, day(2), before, most).unwrap();
    found.iter().map(|session| session.id).collect()
}

async fn a_user_is_found_by_address_and_session(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let (hers, his) = (insert(&mut conn, &ann, 9), insert(&mut conn, &bob, 9));
    users::set_email(&mut conn, bob.id, &bob.email, 77).unwrap();
    let epoch = Epoch::from(7);
    epochs::set(&mut conn, epoch).unwrap();
    let mut find = |email: &str, id| sessions::find_user(&mut conn, email, id).unwrap();
    assert_eq!(find(&ann.email, hers), Some((ann.clone(), 0, epoch)));
    assert_eq!(find(&bob.email, his), Some((bob.clone(), 77, epoch)));
    assert_eq!(find(&ann.email, his), None, "another's session");
    assert_eq!(find(&ann.email, his + 1), None, "no session");
    assert_eq!(find("Ann@example.com", hers), None, "no such address");
}

async fn sessions_are_listed_newest_first_until_they_end(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let hers = [9, 2, 9, 3].map(|end| insert(&mut conn, &ann, end));
    let his = insert(&mut conn, &bob, 9);
    // That of the second day is over then.
    assert_eq!(ids(&mut conn, &ann, None, 9), [hers[3], hers[2], hers[0]]);
    assert_eq!(ids(&mut conn, &ann, None, 2), [hers[3], hers[2]]);
    assert_eq!(ids(&mut conn, &ann, Some(hers[2]), 9), [hers[0]]);
    assert_eq!(ids(&mut conn, &bob, None, 9), [his]);
}

async fn a_session_is_touched_by_its_owner_alone(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let (hers, other) = (insert(&mut conn, &ann, 9), insert(&mut conn, &ann, 9));
    let session_use = SessionUse {
        last_used_at: day(3),
        expires_at: day(12),
        ip: "192.0.2.9",
        user_agent: Some("wget"),
    };
    sessions::touch(&mut conn, bob.id, hers, &session_use).unwrap();
    let touched = "FROM sessions WHERE ip = '192.0.2.9'";
    assert_eq!(db.database.count(touched), 0, "not his");
    sessions::touch(&mut conn, ann.id, hers, &session_use).unwrap();
    assert_eq!(db.database.count(touched), 1);
    let found = sessions::list(&mut conn, ann.id, day(10), None, 9).unwrap();
    let [touched] = &found[..] else {
        panic!("{other} is over, and {hers} lives longer");
    };
    assert_eq!((touched.id, touched.last_used_at), (hers, day(3)));
    assert_eq!(touched.created_at, day(1));
    assert_eq!(touched.ip, "192.0.2.9");
    assert_eq!(touched.user_agent.as_deref(), Some("wget"));
}

async fn sessions_take_their_refresh_tokens_along(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let hers = [9, 9, 9].map(|end| insert(&mut conn, &ann, end));
    let his = insert(&mut conn, &bob, 9);
    for (session, byte) in hers.into_iter().zip([1, 3, 5]) {
        insert_token(&mut conn, &ann, session, byte);
        insert_token(&mut conn, &ann, session, byte + 1);
    }
    insert_token(&mut conn, &bob, his, 1);
    let tokens = || db.database.count("FROM refresh_tokens");
    assert_eq!(tokens(), 7);
    assert!(!sessions::delete(&mut conn, bob.id, hers[0]).unwrap());
    assert_eq!(tokens(), 7, "not his");
    assert!(sessions::delete(&mut conn, ann.id, hers[0]).unwrap());
    assert!(!sessions::delete(&mut conn, ann.id, hers[0]).unwrap());
    assert_eq!(tokens(), 5);
    let kept = sessions::delete_all(&mut conn, ann.id, Some(hers[2]));
    assert_eq!(kept, Ok(1));
    assert_eq!(ids(&mut conn, &ann, None, 9), [hers[2]]);
    assert_eq!(tokens(), 3);
    // Another's session is none that is kept.
    assert_eq!(sessions::delete_all(&mut conn, ann.id, Some(his)), Ok(1));
    assert_eq!(sessions::delete_all(&mut conn, ann.id, None), Ok(0));
    assert_eq!(ids(&mut conn, &bob, None, 9), [his]);
    assert_eq!(tokens(), 1);
}

async fn a_refresh_token_is_found_and_used_by_its_owner_alone(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let (hers, his) = (insert(&mut conn, &ann, 8), insert(&mut conn, &bob, 9));
    insert_token(&mut conn, &ann, hers, 1);
    insert_token(&mut conn, &ann, hers, 2);
    insert_token(&mut conn, &bob, his, 1);
    let mut conn = db.open();
    refresh_tokens::mark_used(&mut conn, ann.id, &[1; 32], day(3), &[9; 32]).unwrap();
    let mut find =
        |owner: &User, byte| refresh_tokens::find(&mut conn, owner.id, &[byte; 32]).unwrap();
    let used = find(&ann, 1).expect("her token");
    assert_eq!((used.session_id, used.used_at), (hers, Some(day(3))));
    assert_eq!(used.child_hash, Some(vec![9; 32]));
    assert_eq!(
        (used.session_created_at, used.session_expires_at),
        (day(1), day(8))
    );
    let foreign = find(&bob, 1).expect("his token");
    assert_eq!((foreign.session_id, foreign.used_at), (his, None));
    assert_eq!(foreign.session_expires_at, day(9));
    assert_eq!(find(&ann, 2).expect("her other token").used_at, None);
    assert_eq!(find(&bob, 2), None, "hers");
    assert_eq!(find(&ann, 9), None, "not stored");
}

fn record(conn: &mut DbConn, owner: &User, kind: &str) {
    let event = task_api::models::event::NewEvent {
        kind,
        created_at: day(1),
        ip: None,
        request_id: Some("r"),
    };
    events::insert(conn, owner.id, &event).unwrap();
}

async fn events_are_listed_newest_first(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    for kind in ["a", "b", "c"] {
        record(&mut conn, &ann, kind);
        record(&mut conn, &bob, "his");
    }
    let list = |before, most| events::list(&mut db.open(), ann.id, before, most).unwrap();
    let all = list(None, 9);
    let kinds: Vec<&str> = all.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["c", "b", "a"]);
    assert_eq!((all[0].created_at, &all[0].ip), (day(1), &None));
    assert_eq!(all[0].request_id.as_deref(), Some("r"));
    assert_eq!(list(None, 2), all[..2]);
    assert_eq!(list(Some(all[1].id), 9), all[2..]);
    assert_eq!(account_rows::delete(&mut conn, ann.id, "b", 9), Ok(2));
    assert_eq!(list(None, 9), all[1..2], "one kind is kept");
    assert_eq!(db.database.count("FROM security_events"), 4, "his stay");
}

async fn an_event_is_stored_for_a_known_address(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    user(&mut conn, "bob");
    let event = task_api::models::event::NewEvent {
        kind: "login_failed",
        created_at: day(1),
        ip: Some("::1".to_owned()),
        request_id: None,
    };
    for email in [ann.email.as_str(), "nobody@example.com", ""] {
        events::insert_for(&mut conn, email, &event).unwrap();
    }
    let found = events::list(&mut conn, ann.id, None, 9).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].kind.as_str(), found[0].created_at),
        ("login_failed", day(1))
    );
    assert_eq!(
        (found[0].ip.as_deref(), &found[0].request_id),
        (Some("::1"), &None)
    );
    assert_eq!(db.database.count("FROM security_events"), 1);
}

async fn a_logout_ends_what_its_scope_says(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let keys = keys(&["one"]);
    let his = log_in(&mut conn, &keys, &bob, day(1));
    for (scope, left) in [
        (LogoutScope::Local, 2),
        (LogoutScope::Others, 1),
        (LogoutScope::Global, 0),
    ] {
        sessions::delete_all(&mut conn, ann.id, None).unwrap();
        let pairs = [(); 3].map(|()| log_in(&mut conn, &keys, &ann, day(1)));
        let this = session_of(&keys, &pairs[1]);
        log_out(&mut conn, ann.id, this, scope, &client(), day(1)).unwrap();
        let ids = ids(&mut conn, &ann, None, 9);
        assert_eq!(ids.len(), left, "{scope:?}");
        assert_eq!(ids.contains(&this), scope == LogoutScope::Others);
    }
    let ended = "FROM security_events WHERE kind = 'session_revoked'";
    assert_eq!(db.database.count(ended), 3);
    log_out(&mut conn, ann.id, 7, LogoutScope::Global, &client(), day(1)).unwrap();
    assert_eq!(db.database.count(ended), 3, "nothing ended");
    refreshed(&mut conn, &keys, &his.refresh, day(1).plus(DAY));
}

/// The token was looked at when the request began.
async fn who_acts_is_still_logged_in(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let (hers, gone) = (insert(&mut conn, &ann, 9), insert(&mut conn, &ann, 9));
    let mut may_act = |user: &User, session_id, tokens_not_before| {
        let actor = Actor {
            user_id: user.id,
            session_id,
            tokens_not_before,
        };
        match act(&mut conn, actor, |_| Ok(())) {
            Ok(()) => true,
            Err(AppError::InvalidToken(_)) => false,
            Err(other) => panic!("{other}"),
        }
    };
    assert!(may_act(&ann, hers, 0) && may_act(&ann, gone, 0));
    db.database
        .execute(&format!("DELETE FROM sessions WHERE id = {gone}"));
    assert!(!may_act(&ann, gone, 0), "the session has ended");
    assert!(!may_act(&bob, hers, 0), "it is another's");
    db.database.execute(&format!(
        "UPDATE users SET tokens_not_before = 7 WHERE id = {}",
        ann.id
    ));
    assert!(!may_act(&ann, hers, 0), "the access token has ended");
    assert!(may_act(&ann, hers, 7));
}

async fn a_session_is_revoked_by_its_owner_alone(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let hers = insert(&mut conn, &ann, 9);
    let mut revoke = |owner: &User| {
        let outcome = revoke(&mut conn, owner.id, hers, &client(), day(1));
        outcome.map_err(|error| error.to_string())
    };
    let not_found = Err(AppError::NotFound.to_string());
    assert_eq!(revoke(&bob), not_found);
    assert_eq!(revoke(&ann), Ok(()));
    assert_eq!(revoke(&ann), not_found);
    assert_eq!(db.database.count("FROM security_events"), 1);
}

async fn a_user_is_changed_alone(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    users::set_password_hash(&mut conn, ann.id, OTHER_HASH).unwrap();
    users::set_email(&mut conn, ann.id, "eve@example.com", 5).unwrap();
    let hers = users::lock(&mut conn, ann.id).unwrap().expect("Ann");
    assert_eq!(hers.user.email, "eve@example.com");
    assert_eq!(
        (hers.password_hash.as_str(), hers.tokens_not_before),
        (OTHER_HASH, 5)
    );
    assert_eq!(hers.user.created_at, ann.created_at);
    assert_eq!(credentials(&mut conn, &bob).password_hash, HASH);
    assert_eq!(users::find_by_email(&mut conn, &ann.email), Ok(None));
    assert!(users::set_email(&mut conn, ann.id, &bob.email, 6).is_err());
    assert!(users::lock(&mut conn, bob.id + 1).unwrap().is_none());
    users::delete(&mut conn, ann.id).unwrap();
    assert!(users::lock(&mut conn, ann.id).unwrap().is_none());
    assert_eq!(users::find_by_email(&mut conn, &bob.email), Ok(Some(bob)));
}

async fn users_are_listed_by_id(db: Migrated) {
    let mut conn = db.open();
    let all = ["cid", "ann", "bob"].map(|name| user(&mut conn, name));
    assert_eq!(users::list(&mut conn, 0, 9).unwrap(), all);
    assert_eq!(users::list(&mut conn, 0, 2).unwrap(), all[..2]);
    assert_eq!(users::list(&mut conn, all[1].id, 9).unwrap(), all[2..]);
}
