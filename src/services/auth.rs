//! The use cases of accounts and sessions that take several steps. What happens in one transaction is in
//! [`accounts`] and [`sessions`].

use std::{sync::Arc, time::Duration};

use super::{
    accounts,
    identities::Identities,
    login::{self, LoginSubject},
    sessions::{self, Refreshed, SessionLife, TokenPair},
    steps::Step,
    throttle::Limits,
    tokens::TokenKeys,
};
use crate::{
    db::{Db, DbConn, Work},
    error::AppError,
    hash_pool::HashPool,
    models::{
        client::Client,
        email::Email,
        identity::Actor,
        opaque_token::OpaqueToken,
        password::{Password, PasswordAttempt},
        time::UtcTime,
        user::{Credentials, User},
    },
};

/// The handles that these use cases take. Clones share them.
#[derive(Clone)]
pub struct Auth {
    pub db: Db,
    pub hashes: HashPool,
    pub identities: Identities,
    pub tokens: Arc<TokenKeys>,
    pub limits: Limits,
    pub session_life: SessionLife,
    pub bcrypt_cost: u32,
}

/// A user who is logged in and wants to change the account, from where.
pub struct Owner {
    pub user: User,
    pub actor: Actor,
    pub client: Client,
}

/// Makes an account. Errors: `EmailTaken`; `TooManyRequests`; `Unavailable` where too many wait to hash.
pub async fn register(
    auth: &Auth,
    client: Client,
    email: Email,
    password: Password,
) -> Result<User, AppError> {
    let limits = auth.limits;
    auth.hashes.refuse_if_full()?;
    if limits.counts_registrations() {
        let count = move |conn: &mut _| limits.count_registration(conn, &client, UtcTime::now());
        auth.db.write(count).await?;
    }
    let hash = login::hash(auth, password).await?;
    let register = move |conn: &mut _| accounts::register(conn, &email, &hash, UtcTime::now());
    auth.db.write(register).await
}

/// Begins a session. Errors: see [`login::check`].
pub async fn log_in(
    auth: &Auth,
    client: Client,
    address: String,
    attempt: PasswordAttempt,
) -> Result<TokenPair, AppError> {
    let subject = LoginSubject::Address(address);
    let proven = login::check(auth, &client, subject, attempt).await?;
    let (keys, life) = (auth.tokens.clone(), auth.session_life);
    let start =
        move |conn: &mut _| sessions::start(conn, &keys, life, &proven, &client, UtcTime::now());
    auth.db.write(start).await
}

/// Exchanges a refresh token for a new pair: see [`sessions::refresh`]. Anyone can make up a token for any
/// user, so that only one that is known gets to the user's lock. Errors: `InvalidToken`.
pub async fn refresh(
    auth: &Auth,
    client: Client,
    token: OpaqueToken,
) -> Result<TokenPair, AppError> {
    let (auth, user_id, sought) = (auth.clone(), token.user_id, token.clone());
    let find = move |conn: &mut _| sessions::find_refresh_token(conn, &sought, UtcTime::now());
    auth.db.read(find).await?;
    to_its_end(async move {
        let (keys, life) = (auth.tokens, auth.session_life);
        let refresh = move |conn: &mut _| {
            sessions::refresh(conn, &keys, life, &token, &client, UtcTime::now())
        };
        match auth.db.write(refresh).await? {
            Refreshed::Pair(pair) => Ok(pair),
            Refreshed::Reused => {
                auth.identities.forget(user_id);
                Err(AppError::REVOKED)
            }
        }
    })
    .await
}

/// Sets another e-mail address: see [`accounts::change_email`]. Errors: `Validation` where `attempt` is not
/// the password; `EmailTaken`.
pub async fn change_email(
    auth: &Auth,
    owner: Owner,
    email: Email,
    attempt: PasswordAttempt,
) -> Result<User, AppError> {
    let proven = prove(auth, &owner, attempt).await?;
    let change = move |conn: &mut _| {
        accounts::change_email(conn, &proven, &email, &owner.client, UtcTime::now())
    };
    change_own(auth, owner.actor, change).await
}

/// Sets another password: see [`accounts::change_password`]. Errors: `Validation` where `attempt` is not
/// the password.
pub async fn change_password(
    auth: &Auth,
    owner: Owner,
    password: Password,
    attempt: PasswordAttempt,
) -> Result<(), AppError> {
    let proven = prove(auth, &owner, attempt).await?;
    let hash = login::hash(auth, password).await?;
    let Owner { actor, client, .. } = owner;
    let change = move |conn: &mut _| {
        let (id, now) = (actor.session_id, UtcTime::now());
        accounts::change_password(conn, &proven, id, &hash, &client, now)
    };
    change_own(auth, actor, change).await
}

/// Deletes the account with all that belongs to it. Errors: `Validation` where `attempt` is not the
/// password.
pub async fn delete_account(
    auth: &Auth,
    owner: Owner,
    attempt: PasswordAttempt,
) -> Result<(), AppError> {
    let proven = prove(auth, &owner, attempt).await?;
    let Owner { actor, client, .. } = owner;
    let auth = auth.clone();
    let delete = async move {
        let begin = move |conn: &mut _| accounts::delete(conn, &proven, &client, UtcTime::now());
        if let Step::More(_) = change_own(&auth, actor, begin).await? {
            erase_more(&auth.db, actor.user_id).await;
        }
        Ok(())
    };
    to_its_end(delete).await
}

/// How often in a row a step of a deletion may fail, and how long it pauses after each.
const ATTEMPTS: usize = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Deletes what is left of an account that has ended. Where a step keeps failing, a background job takes the rest.
async fn erase_more(db: &Db, user_id: i64) {
    let mut failures = 0;
    loop {
        let step = db.write(move |conn| accounts::erase_more(conn, user_id));
        match step.await {
            Ok(Step::Done(())) => return,
            Ok(Step::More(_)) => failures = 0,
            Err(_) if failures + 1 < ATTEMPTS => {
                failures += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => {
                let cause = error.cause().unwrap_or_default();
                log::warn!(user_id = user_id, cause = cause; "the account is not deleted completely; a background job deletes the rest");
                return;
            }
        }
    }
}

/// The owner's credentials, if `attempt` is the password.
async fn prove(
    auth: &Auth,
    owner: &Owner,
    attempt: PasswordAttempt,
) -> Result<Credentials, AppError> {
    let subject = LoginSubject::User(owner.user.clone());
    let checked = login::check(auth, &owner.client, subject, attempt);
    checked.await.map_err(|error| match error {
        AppError::InvalidCredentials => accounts::wrong_password(),
        other => other,
    })
}

/// Runs `work`, which changes the account of `actor`, in a transaction: see [`sessions::act`]. Once it is
/// done, this process knows nothing of the user's tokens any more.
pub async fn change_own<T: Send + 'static>(
    auth: &Auth,
    actor: Actor,
    work: impl Work<T>,
) -> Result<T, AppError> {
    let (db, identities) = (auth.db.clone(), auth.identities.clone());
    let act = move |conn: &mut DbConn| sessions::act(conn, actor, work);
    let change = async move {
        let done = db.write(act).await?;
        identities.forget(actor.user_id);
        Ok(done)
    };
    to_its_end(change).await
}

/// Waits for `work`, which goes on even if the caller hangs up.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, AppError>> + Send + 'static,
) -> Result<T, AppError> {
    tokio::spawn(work).await.map_err(AppError::internal)?
}
