//! The user of a token, and when a token ends.

use task_api::{
    db::DbConn,
    error::AppError,
    models::{
        identity::Grant,
        opaque_token::{Kind, OpaqueToken},
        scope::{Scope, Scopes},
        session::LogoutScope,
        time::UtcTime,
        user::User,
    },
    services::{
        accounts,
        identities::Credential,
        operators, personal_tokens,
        personal_tokens::TokenRequest,
        sessions::{self, TokenPair},
        token_uses,
        tokens::TokenKeys,
    },
};

use crate::{
    fixtures::{Migrated, user},
    sign_in::{DAY, OTHER_HASH, SECOND, client, credentials, keys, log_in, refreshed, session_of},
};

crate::cases![
    an_access_token_stands_for_its_user_and_session,
    an_access_token_ends_with_its_session,
    an_address_that_comes_back_wakes_no_token,
    a_pair_that_is_told_again_after_a_change_of_address_works,
    a_change_of_password_keeps_the_session_that_asked,
    a_stale_password_changes_nothing,
    a_personal_token_stands_for_its_user_until_it_ends,
    a_personal_token_outlives_passwords_and_sessions,
    the_use_of_a_personal_token_is_written_once_a_minute,
];

/// Whose the access token is, if anyone's.
fn whose(conn: &mut DbConn, keys: &TokenKeys, pair: &TokenPair, now: UtcTime) -> Option<String> {
    let credential = Credential::read(keys, &pair.access.token).unwrap();
    match credential.find(conn, now) {
        Ok(identity) => Some(identity.user.email),
        Err(AppError::InvalidToken(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

fn change_email(conn: &mut DbConn, user: &User, email: &str, now: UtcTime) -> User {
    let proven = credentials(conn, user);
    let email = email.parse().unwrap();
    accounts::change_email(conn, &proven, &email, &client(), now).unwrap()
}

async fn an_access_token_stands_for_its_user_and_session(db: Migrated) {
    let (mut conn, now) = (db.open(), UtcTime::now());
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let keys = keys(&["one"]);
    let (hers, his) = (
        log_in(&mut conn, &keys, &ann, now),
        log_in(&mut conn, &keys, &bob, now),
    );
    for (owner, pair) in [(&ann, &hers), (&bob, &his)] {
        let credential = Credential::read(&keys, &pair.access.token).unwrap();
        let identity = credential.find(&mut conn, now).unwrap();
        assert_eq!(identity.user, *owner);
        let id = session_of(&keys, pair);
        let tokens_not_before = 0;
        let expected = Grant::Session {
            id,
            tokens_not_before,
        };
        assert_eq!(identity.grant, expected);
    }
    let credential = Credential::read(&keys, &hers.access.token).unwrap();
    let foreign = Credential::read(&keys, &his.access.token).unwrap();
    let identity = foreign.find(&mut conn, now).unwrap();
    assert!(!credential.fits(&identity, now), "another's");
}

async fn an_access_token_ends_with_its_session(db: Migrated) {
    let (mut conn, now) = (db.open(), UtcTime::now());
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let pairs = [(); 5].map(|()| log_in(&mut conn, &keys, &ann, now));
    let ids = [0, 1, 2, 3, 4].map(|number: usize| session_of(&keys, &pairs[number]));
    let alive = |conn: &mut DbConn| -> Vec<bool> {
        let pairs = pairs.iter();
        pairs
            .map(|pair| whose(conn, &keys, pair, now).is_some())
            .collect()
    };
    assert_eq!(alive(&mut conn), [true; 5]);
    sessions::revoke(&mut conn, ann.id, ids[0], &client(), now).unwrap();
    assert_eq!(alive(&mut conn), [false, true, true, true, true]);
    let local = LogoutScope::Local;
    sessions::log_out(&mut conn, ann.id, ids[1], local, &client(), now).unwrap();
    assert_eq!(alive(&mut conn), [false, false, true, true, true]);
    let others = LogoutScope::Others;
    sessions::log_out(&mut conn, ann.id, ids[2], others, &client(), now).unwrap();
    assert_eq!(alive(&mut conn), [false, false, true, false, false]);
    let email = ann.email.parse().unwrap();
    assert_eq!(
        operators::revoke_sessions(&mut conn, &email, now).unwrap(),
        1
    );
    assert_eq!(alive(&mut conn), [false; 5]);
}

/// Away and back within the second in which the token was issued.
async fn an_address_that_comes_back_wakes_no_token(db: Migrated) {
    let (mut conn, now) = (db.open(), UtcTime::now());
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let old = log_in(&mut conn, &keys, &ann, now);
    let eve = change_email(&mut conn, &ann, "eve@example.com", now);
    assert_eq!(whose(&mut conn, &keys, &old, now), None);
    let between = refreshed(&mut conn, &keys, &old.refresh, now);
    let found = whose(&mut conn, &keys, &between, now);
    assert_eq!(found.as_deref(), Some("eve@example.com"));

    let back = change_email(&mut conn, &eve, &ann.email, now);
    assert_eq!(back, ann);
    for dead in [&old, &between] {
        assert_eq!(whose(&mut conn, &keys, dead, now), None);
    }
    let next = refreshed(&mut conn, &keys, &between.refresh, now);
    assert_eq!(whose(&mut conn, &keys, &next, now), Some(ann.email.clone()));
    // A login takes no other way.
    let fresh = log_in(&mut conn, &keys, &ann, now);
    assert_eq!(whose(&mut conn, &keys, &fresh, now), Some(ann.email));
}

async fn a_pair_that_is_told_again_after_a_change_of_address_works(db: Migrated) {
    let (mut conn, now) = (db.open(), UtcTime::now());
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let first = log_in(&mut conn, &keys, &ann, now);
    let second = refreshed(&mut conn, &keys, &first.refresh, now);
    change_email(&mut conn, &ann, "eve@example.com", now.plus(SECOND));
    let now = now.plus(SECOND * 2);
    let again = refreshed(&mut conn, &keys, &first.refresh, now);
    assert_eq!(again.refresh.expose(), second.refresh.expose());
    let found = whose(&mut conn, &keys, &again, now);
    assert_eq!(found.as_deref(), Some("eve@example.com"));
}

async fn a_change_of_password_keeps_the_session_that_asked(db: Migrated) {
    let (mut conn, now) = (db.open(), UtcTime::now());
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let keys = keys(&["one"]);
    let [this, other] = [(); 2].map(|()| log_in(&mut conn, &keys, &ann, now));
    let his = log_in(&mut conn, &keys, &bob, now);
    let proven = credentials(&mut conn, &ann);
    let id = session_of(&keys, &this);
    accounts::change_password(&mut conn, &proven, id, OTHER_HASH, &client(), now).unwrap();
    assert_eq!(whose(&mut conn, &keys, &this, now), Some(ann.email.clone()));
    assert_eq!(whose(&mut conn, &keys, &other, now), None);
    assert_eq!(whose(&mut conn, &keys, &his, now), Some(bob.email));
    refreshed(&mut conn, &keys, &this.refresh, now);

    let email = ann.email.parse().unwrap();
    operators::set_password(&mut conn, &email, OTHER_HASH, now).unwrap();
    assert_eq!(whose(&mut conn, &keys, &this, now), None, "an operator");
    let changed = "FROM security_events WHERE kind = 'password_changed'";
    assert_eq!(db.database.count(changed), 2);
}

/// The password was right when it was hashed, and is another one now.
async fn a_stale_password_changes_nothing(db: Migrated) {
    let (mut conn, now) = (db.open(), UtcTime::now());
    let (ann, keys) = (user(&mut conn, "ann"), keys(&["one"]));
    let stale = credentials(&mut conn, &ann);
    accounts::change_password(&mut conn, &stale, 0, OTHER_HASH, &client(), now).unwrap();
    let life = crate::sign_in::LIFE;
    let login = sessions::start(&mut conn, &keys, life, &stale, &client(), now);
    assert!(matches!(login, Err(AppError::InvalidCredentials)));
    let email = "eve@example.com".parse().unwrap();
    let outcomes = [
        accounts::change_password(&mut conn, &stale, 0, OTHER_HASH, &client(), now),
        accounts::change_email(&mut conn, &stale, &email, &client(), now).map(|_| ()),
        accounts::delete(&mut conn, &stale, &client(), now).map(|_| ()),
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(AppError::Validation(_))));
    }
    assert_eq!(db.database.count("FROM sessions"), 0);
    assert_eq!(db.database.count("FROM security_events"), 1);
    log_in(&mut conn, &keys, &ann, now);
}

fn token(conn: &mut DbConn, owner: &User, now: UtcTime) -> OpaqueToken {
    let request = TokenRequest {
        name: "CI".parse().unwrap(),
        scopes: Scopes::from_iter([Scope::TasksWrite]),
        expires_at: now.plus(DAY),
    };
    let made = personal_tokens::create(conn, owner.id, &request, &client(), now);
    made.unwrap().1
}

/// Whose the personal token is, if anyone's.
fn owner(conn: &mut DbConn, token: &OpaqueToken, now: UtcTime) -> Option<User> {
    let credential = Credential::read(&keys(&["one"]), token.expose()).unwrap();
    match credential.find(conn, now) {
        Ok(identity) => Some(identity.user),
        Err(AppError::InvalidToken(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

async fn a_personal_token_stands_for_its_user_until_it_ends(db: Migrated) {
    let (mut conn, now) = (db.open(), UtcTime::now());
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    let hers = token(&mut conn, &ann, now);
    assert_eq!(owner(&mut conn, &hers, now), Some(ann.clone()));
    let end = now.plus(DAY);
    assert_eq!(
        owner(&mut conn, &hers, end.minus(SECOND)),
        Some(ann.clone())
    );
    assert_eq!(owner(&mut conn, &hers, end), None, "expired");
    for stranger in [ann.id, bob.id] {
        let unknown = OpaqueToken::new(Kind::Personal, stranger, &[7; 32]);
        assert_eq!(owner(&mut conn, &unknown, now), None);
    }
    let page = personal_tokens::list(&mut conn, ann.id, None, 9).unwrap();
    let id = page.items[0].id;
    personal_tokens::revoke(&mut conn, ann.id, id, &client(), now).unwrap();
    assert_eq!(owner(&mut conn, &hers, now), None, "revoked");
}

async fn a_personal_token_outlives_passwords_and_sessions(db: Migrated) {
    let (mut conn, now) = (db.open(), UtcTime::now());
    let ann = user(&mut conn, "ann");
    let hers = token(&mut conn, &ann, now);
    let proven = credentials(&mut conn, &ann);
    accounts::change_password(&mut conn, &proven, 0, OTHER_HASH, &client(), now).unwrap();
    let global = LogoutScope::Global;
    sessions::log_out(&mut conn, ann.id, 0, global, &client(), now).unwrap();
    let eve = change_email(&mut conn, &ann, "eve@example.com", now);
    assert_eq!(owner(&mut conn, &hers, now), Some(eve.clone()));
    let proven = credentials(&mut conn, &eve);
    accounts::delete(&mut conn, &proven, &client(), now).unwrap();
    assert_eq!(owner(&mut conn, &hers, now), None, "deleted");
}

async fn the_use_of_a_personal_token_is_written_once_a_minute(db: Migrated) {
    let (mut conn, now) = (db.open(), UtcTime::now());
    let ann = user(&mut conn, "ann");
    let hers = token(&mut conn, &ann, now);
    let credential = Credential::read(&keys(&["one"]), hers.expose()).unwrap();
    let identity = credential.find(&mut conn, now).unwrap();
    assert!(token_uses::is_due(&identity, now), "never used");
    let Grant::Personal(stored) = &identity.grant else {
        panic!("{identity:?}");
    };
    let id = stored.id;
    token_uses::store(&mut conn, ann.id, id, now).unwrap();
    let used = token_uses::used(identity, now);
    assert_eq!(credential.find(&mut conn, now).unwrap(), used);
    // One that waited for long is stored after later ones.
    token_uses::store(&mut conn, ann.id, id, now.minus(SECOND)).unwrap();
    assert_eq!(credential.find(&mut conn, now).unwrap(), used);
    assert!(!token_uses::is_due(&used, now.plus(SECOND * 59)));
    assert!(token_uses::is_due(&used, now.plus(SECOND * 60)));
}
