//! The chain of a session's refresh tokens: exchange, repetition, reuse, rotation of secrets, end.

use std::collections::BTreeSet;

use task_api::{
    db::DbConn,
    error::{AppError, TokenFault},
    models::time::UtcTime,
    repositories::sessions,
    services::maintenance::Job,
};

use crate::{
    fixtures::{Migrated, time, user},
    sign_in::{DAY, LIFE, SECOND, client, exchange, keys, log_in, refreshed, session_of, texts},
};

crate::cases![
    a_token_is_exchanged_for_another,
    a_repeated_use_gets_the_same_pair,
    a_parents_parent_gets_its_own_child_after_that_was_used,
    while_its_child_was_never_used_a_token_gets_it_again,
    a_late_repetition_ends_the_session,
    a_repetition_after_its_child_was_used_ends_the_session,
    the_background_jobs_leave_what_a_lost_answer_needs,
    a_rotated_secret_leaves_the_chain_whole,
    a_secret_that_is_gone_ends_no_session,
    a_session_ends_when_it_is_not_used,
    a_session_ends_however_much_it_is_used,
    an_unknown_token_is_refused,
];

fn start() -> UtcTime {
    time("2099-12-01T00:00:00Z")
}

async fn a_token_is_exchanged_for_another(db: Migrated) {
    let mut conn = db.open();
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let first = log_in(&mut conn, &keys, &ann, start());
    let later = start().plus(DAY);
    let second = refreshed(&mut conn, &keys, &first.refresh, later);
    assert_ne!(texts(&first)[0], texts(&second)[0]);
    assert_ne!(texts(&first)[1], texts(&second)[1]);
    assert_eq!(session_of(&keys, &first), session_of(&keys, &second));
    let listed = sessions::list(&mut conn, ann.id, later, None, 10).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].created_at, start());
    assert_eq!(listed[0].last_used_at, later);
    assert_eq!(listed[0].ip, client().ip.to_string());
    assert_eq!(listed[0].user_agent, client().user_agent);
    assert_eq!(db.database.count("FROM refresh_tokens"), 2);
    assert_eq!(
        db.database
            .count("FROM refresh_tokens WHERE used_at IS NULL"),
        1
    );
}

/// Two tabs of one browser may both hold it.
async fn a_repeated_use_gets_the_same_pair(db: Migrated) {
    let mut conn = db.open();
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let parent = log_in(&mut conn, &keys, &ann, start()).refresh;
    let child = refreshed(&mut conn, &keys, &parent, start());
    for seconds in [0, 1, 10] {
        let again = refreshed(&mut conn, &keys, &parent, start().plus(SECOND * seconds));
        assert_eq!(texts(&again), texts(&child), "after {seconds} s");
    }
    assert_eq!(db.database.count("FROM refresh_tokens"), 2, "none was made");
}

async fn a_parents_parent_gets_its_own_child_after_that_was_used(db: Migrated) {
    let mut conn = db.open();
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let first = log_in(&mut conn, &keys, &ann, start()).refresh;
    let second = refreshed(&mut conn, &keys, &first, start());
    let third = refreshed(&mut conn, &keys, &second.refresh, start().plus(SECOND));
    let fourth = refreshed(&mut conn, &keys, &third.refresh, start().plus(SECOND * 2));
    let soon = start().plus(SECOND * 10);
    for (parent, child) in [
        (&first, &second),
        (&second.refresh, &third),
        (&third.refresh, &fourth),
    ] {
        let again = refreshed(&mut conn, &keys, parent, soon);
        assert_eq!(texts(&again), texts(child));
    }
}

/// The answer was lost, and the client tries again.
async fn while_its_child_was_never_used_a_token_gets_it_again(db: Migrated) {
    let mut conn = db.open();
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let parent = log_in(&mut conn, &keys, &ann, start()).refresh;
    let lost = refreshed(&mut conn, &keys, &parent, start());
    let mut access = BTreeSet::from([lost.access.token.clone()]);
    for seconds in [11, 60, 599, 600] {
        let now = start().plus(SECOND * seconds);
        let again = refreshed(&mut conn, &keys, &parent, now);
        assert_eq!(again.refresh.expose(), lost.refresh.expose());
        let claims = keys.verify(&again.access.token).unwrap();
        assert_eq!(claims.iat, now.unix_seconds(), "a fresh one");
        assert_eq!(again.access.expires_in, 900);
        access.insert(again.access.token);
    }
    assert_eq!(access.len(), 5);
    let ids = access.iter().map(|token| keys.verify(token).unwrap().jti);
    assert_eq!(ids.collect::<BTreeSet<_>>().len(), 5, "none twice");
    assert_eq!(db.database.count("FROM refresh_tokens"), 2, "none was made");
    // The child is as good as ever, whichever answer it came with.
    let late = start().plus(SECOND * 3600);
    refreshed(&mut conn, &keys, &lost.refresh, late);
}

async fn a_late_repetition_ends_the_session(db: Migrated) {
    let mut conn = db.open();
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let other = log_in(&mut conn, &keys, &ann, start());
    let parent = log_in(&mut conn, &keys, &ann, start()).refresh;
    let child = refreshed(&mut conn, &keys, &parent, start()).refresh;
    let late = start().plus(SECOND * 600 + SECOND / 1000);
    assert!(exchange(&mut conn, &keys, &parent, late).unwrap().is_none());
    for token in [&parent, &child] {
        let refused = exchange(&mut conn, &keys, token, late);
        assert!(matches!(
            refused,
            Err(AppError::InvalidToken(TokenFault::Revoked))
        ));
    }
    assert_eq!(
        db.database
            .count("FROM security_events WHERE kind = 'refresh_reused'"),
        1,
        "and not for each that came after"
    );
    refreshed(&mut conn, &keys, &other.refresh, late);
}

async fn a_repetition_after_its_child_was_used_ends_the_session(db: Migrated) {
    let mut conn = db.open();
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let ends = |conn: &mut DbConn, seconds: f64| {
        let parent = log_in(conn, &keys, &ann, start()).refresh;
        let child = refreshed(conn, &keys, &parent, start()).refresh;
        refreshed(conn, &keys, &parent, start().plus(SECOND * 5));
        refreshed(conn, &keys, &child, start().plus(SECOND * 6));
        let now = start().plus(SECOND.mul_f64(seconds));
        exchange(conn, &keys, &parent, now).unwrap().is_none()
    };
    assert!(!ends(&mut conn, 10.0), "two tabs");
    assert!(ends(&mut conn, 10.001));
    assert!(ends(&mut conn, 300.0));
}

async fn the_background_jobs_leave_what_a_lost_answer_needs(db: Migrated) {
    let mut conn = db.open();
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let parent = log_in(&mut conn, &keys, &ann, start()).refresh;
    let lost = refreshed(&mut conn, &keys, &parent, start());
    let now = start().plus(SECOND * 600);
    for job in [Job::PurgeRefreshTokens, Job::PurgeSessions] {
        assert_eq!(job.step(&mut conn, now).unwrap(), 0);
    }
    let again = refreshed(&mut conn, &keys, &parent, now);
    assert_eq!(again.refresh.expose(), lost.refresh.expose());
}

/// The replicas get another secret one after the other, while a browser goes on.
async fn a_rotated_secret_leaves_the_chain_whole(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let [old, both, back] = [&["old"][..], &["new", "old"], &["old", "new"]].map(keys);
    let parent = log_in(&mut conn, &old, &ann, start()).refresh;
    let child = refreshed(&mut conn, &old, &parent, start()).refresh;
    // The child is made by the old secret, and is told again by a replica that signs with the new one.
    let again = refreshed(&mut conn, &both, &parent, start().plus(SECOND)).refresh;
    assert_eq!(again.expose(), child.expose());
    // The other way round too: a child of the new secret, asked for from a replica with the old one first.
    let next = refreshed(&mut conn, &both, &child, start().plus(SECOND)).refresh;
    let again = refreshed(&mut conn, &back, &child, start().plus(SECOND)).refresh;
    assert_eq!(again.expose(), next.expose());
    refreshed(&mut conn, &both, &next, start().plus(DAY));
}

/// Nothing was stolen: the user logs in with another tab, or goes on with the child in this one.
async fn a_secret_that_is_gone_ends_no_session(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let (old, new) = (keys(&["old"]), keys(&["new"]));
    let parent = log_in(&mut conn, &old, &ann, start()).refresh;
    let child = refreshed(&mut conn, &old, &parent, start()).refresh;
    let again = exchange(&mut conn, &new, &parent, start());
    assert!(matches!(
        again,
        Err(AppError::InvalidToken(TokenFault::Revoked))
    ));
    refreshed(&mut conn, &new, &child, start());
}

async fn a_session_ends_when_it_is_not_used(db: Migrated) {
    let mut conn = db.open();
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let first = log_in(&mut conn, &keys, &ann, start()).refresh;
    let used = start().plus(LIFE.idle).minus(SECOND);
    let second = refreshed(&mut conn, &keys, &first, used).refresh;
    let end = used.plus(LIFE.idle);
    let refused = exchange(&mut conn, &keys, &second, end);
    assert!(matches!(
        refused,
        Err(AppError::InvalidToken(TokenFault::RefreshExpired))
    ));
    assert_eq!(sessions::list(&mut conn, ann.id, end, None, 9), Ok(vec![]));
    refreshed(&mut conn, &keys, &second, end.minus(SECOND));
}

async fn a_session_ends_however_much_it_is_used(db: Migrated) {
    let mut conn = db.open();
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let mut token = log_in(&mut conn, &keys, &ann, start()).refresh;
    let end = start().plus(LIFE.max);
    for days in (20..90).step_by(20) {
        token = refreshed(&mut conn, &keys, &token, start().plus(DAY * days)).refresh;
    }
    let last = refreshed(&mut conn, &keys, &token, end.minus(SECOND));
    assert_eq!(last.access.expires_in, 1, "no token outlives its session");
    let refused = exchange(&mut conn, &keys, &last.refresh, end);
    assert!(matches!(
        refused,
        Err(AppError::InvalidToken(TokenFault::RefreshExpired))
    ));
    // Not even the repetition of the use before.
    let refused = exchange(&mut conn, &keys, &token, end);
    assert!(matches!(
        refused,
        Err(AppError::InvalidToken(TokenFault::RefreshExpired))
    ));
    assert_eq!(db.database.count("FROM sessions"), 1, "no reuse");
}

async fn an_unknown_token_is_refused(db: Migrated) {
    use task_api::models::opaque_token::{Kind, OpaqueToken};

    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let keys = keys(&["one"]);
    log_in(&mut conn, &keys, &ann, start());
    let secret = [7; 32];
    for owner in [ann.id, bob.id, bob.id + 1] {
        let token = OpaqueToken::new(Kind::Refresh, owner, &secret);
        let refused = exchange(&mut conn, &keys, &token, start());
        assert!(matches!(
            refused,
            Err(AppError::InvalidToken(TokenFault::Revoked))
        ));
    }
}
