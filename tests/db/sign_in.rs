//! What the cases about sessions and tokens have in common.

use std::time::Duration;

use task_api::{
    db::DbConn,
    error::AppError,
    models::{
        client::Client,
        opaque_token::OpaqueToken,
        time::UtcTime,
        user::{Credentials, User},
    },
    repositories::users,
    services::{
        sessions::{self, Refreshed, SessionLife, TokenPair},
        tokens::TokenKeys,
    },
};

pub const SECOND: Duration = Duration::from_secs(1);
pub const DAY: Duration = Duration::from_secs(24 * 3600);

pub const LIFE: SessionLife = SessionLife {
    idle: Duration::from_secs(30 * 24 * 3600),
    max: Duration::from_secs(90 * 24 * 3600),
};

/// Another hash than that which users of the cases begin with.
pub const OTHER_HASH: &str = "$2b$04$abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyza";

pub fn client() -> Client {
    Client {
        ip: "192.0.2.1".parse().unwrap(),
        user_agent: Some("curl/8".to_owned()),
        request_id: "r1".to_owned(),
    }
}

pub fn keys(secrets: &[&str]) -> TokenKeys {
    let secrets: Vec<_> = secrets.iter().map(|secret| (*secret).into()).collect();
    TokenKeys::new(&secrets, Duration::from_secs(900)).unwrap()
}

/// What a login of the user is checked against now.
pub fn credentials(conn: &mut DbConn, user: &User) -> Credentials {
    let found = users::find_credentials(conn, &user.email).unwrap();
    found.expect("the user")
}

/// Logs the user in.
pub fn log_in(conn: &mut DbConn, keys: &TokenKeys, user: &User, now: UtcTime) -> TokenPair {
    let proven = credentials(conn, user);
    sessions::start(conn, keys, LIFE, &proven, &client(), now).unwrap()
}

/// Exchanges a refresh token. `Ok(None)`: it was used before.
pub fn exchange(
    conn: &mut DbConn,
    keys: &TokenKeys,
    token: &OpaqueToken,
    now: UtcTime,
) -> Result<Option<TokenPair>, AppError> {
    match sessions::refresh(conn, keys, LIFE, token, &client(), now)? {
        Refreshed::Pair(pair) => Ok(Some(pair)),
        Refreshed::Reused => Ok(None),
    }
}

/// The same where it must give a pair.
#[track_caller]
pub fn refreshed(
    conn: &mut DbConn,
    keys: &TokenKeys,
    token: &OpaqueToken,
    now: UtcTime,
) -> TokenPair {
    let pair = exchange(conn, keys, token, now).expect("a session");
    pair.expect("a token that was not used before")
}

/// The tokens themselves, to be compared.
pub fn texts(pair: &TokenPair) -> [&str; 2] {
    [&pair.access.token, pair.refresh.expose()]
}

/// Id of the session that the pair is of.
pub fn session_of(keys: &TokenKeys, pair: &TokenPair) -> i64 {
    keys.verify(&pair.access.token).unwrap().sid
}
