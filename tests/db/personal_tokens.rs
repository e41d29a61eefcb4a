//! Personal access tokens: each owner finds and changes its own alone.

use task_api::{
    db::DbConn,
    error::AppError,
    models::{
        epoch::Epoch,
        opaque_token::OpaqueToken,
        personal_token::PersonalToken,
        scope::{Scope, Scopes},
        time::UtcTime,
        user::User,
    },
    repositories::{epochs, personal_tokens},
    services::personal_tokens::{TokenRequest, create, revoke},
};

use crate::{
    fixtures::{Migrated, time, user},
    sign_in::{DAY, SECOND, client},
};

crate::cases![
    a_token_is_found_by_its_owner_and_hash,
    tokens_are_listed_newest_first,
    a_token_is_touched_once_in_a_while_by_its_owner_alone,
    a_token_is_revoked_by_its_owner_alone,
    what_is_stored_is_no_token,
    a_scope_of_another_version_permits_nothing,
];

fn start() -> UtcTime {
    time("2099-12-01T00:00:00Z")
}

fn make(conn: &mut DbConn, owner: &User, name: &str) -> (PersonalToken, OpaqueToken) {
    let request = TokenRequest {
        name: name.parse().unwrap(),
        scopes: Scopes::from_iter([Scope::TasksRead]),
        expires_at: start().plus(DAY),
    };
    create(conn, owner.id, &request, &client(), start()).unwrap()
}

async fn a_token_is_found_by_its_owner_and_hash(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let (hers, token) = make(&mut conn, &ann, " CI ");
    assert_eq!((hers.name.as_str(), hers.last_used_at), ("CI", None));
    assert_eq!(
        (hers.created_at, hers.expires_at),
        (start(), start().plus(DAY))
    );
    assert_eq!(hers.scopes.to_string(), "tasks:read");
    let (_, his) = make(&mut conn, &bob, "CI");
    let epoch = Epoch::from(7);
    epochs::set(&mut conn, epoch).unwrap();
    let mut find = |owner: i64, token: &OpaqueToken| {
        personal_tokens::find(&mut conn, owner, &token.hash).unwrap()
    };
    assert_eq!(find(ann.id, &token), Some((hers, ann.clone(), epoch)));
    assert_eq!(find(bob.id, &token), None);
    assert_eq!(find(ann.id, &his), None);
    assert_eq!(find(bob.id, &his).map(|found| found.1), Some(bob));
}

async fn tokens_are_listed_newest_first(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let mut hers = Vec::new();
    for name in ["a", "b", "c"] {
        hers.insert(0, make(&mut conn, &ann, name).0);
        make(&mut conn, &bob, "his");
    }
    let mut list = |before, most| personal_tokens::list(&mut conn, ann.id, before, most).unwrap();
    assert_eq!(list(None, 9), hers);
    assert_eq!(list(None, 2), hers[..2]);
    assert_eq!(list(Some(hers[1].id), 9), hers[2..]);
}

async fn a_token_is_touched_once_in_a_while_by_its_owner_alone(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let (hers, _) = make(&mut conn, &ann, "CI");
    make(&mut conn, &ann, "unused");
    let minute = SECOND * 60;
    let mut touch = |owner: &User, now: UtcTime| {
        let since = now.minus(minute);
        personal_tokens::touch(&mut conn, owner.id, hers.id, now, since).unwrap();
        let found = personal_tokens::list(&mut conn, ann.id, None, 9).unwrap();
        assert_eq!(found[0].last_used_at, None, "another token");
        found[1].last_used_at
    };
    assert_eq!(touch(&bob, start()), None, "not his");
    assert_eq!(touch(&ann, start()), Some(start()));
    let soon = start().plus(minute).minus(SECOND);
    assert_eq!(touch(&ann, soon), Some(start()), "said not long ago");
    let later = start().plus(minute);
    assert_eq!(touch(&ann, later), Some(later));
}

async fn a_token_is_revoked_by_its_owner_alone(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let (hers, token) = make(&mut conn, &ann, "CI");
    let (_, other) = make(&mut conn, &ann, "other");
    let mut end = |owner: &User| revoke(&mut conn, owner.id, hers.id, &client(), start());
    assert!(matches!(end(&bob), Err(AppError::NotFound)));
    assert!(end(&ann).is_ok());
    assert!(matches!(end(&ann), Err(AppError::NotFound)));
    let mut find =
        |token: &OpaqueToken| personal_tokens::find(&mut conn, ann.id, &token.hash).unwrap();
    assert_eq!(find(&token), None);
    assert!(find(&other).is_some());
    let revoked = "FROM security_events WHERE kind = 'token_revoked'";
    assert_eq!(db.database.count(revoked), 1);
    assert!(!personal_tokens::delete(&mut conn, bob.id, hers.id + 1).unwrap());
}

async fn what_is_stored_is_no_token(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let (_, token) = make(&mut conn, &ann, "CI");
    let text = token.expose().to_owned();
    let columns = "(name || scopes || CAST(hash AS TEXT))";
    let shown = format!("FROM personal_tokens WHERE {columns} LIKE '%{text}%'");
    assert_eq!(db.database.count(&shown), 0);
    assert_eq!(text.len(), 64);
}

/// A name that this version does not know is passed by; the token still works for the rest.
async fn a_scope_of_another_version_permits_nothing(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    let (_, token) = make(&mut conn, &ann, "CI");
    db.database
        .execute("UPDATE personal_tokens SET scopes = 'tasks:all tasks:write'");
    let (found, ..) = personal_tokens::find(&mut conn, ann.id, &token.hash)
        .unwrap()
        .expect("the token");
    assert_eq!(found.scopes.to_string(), "tasks:write");
}
