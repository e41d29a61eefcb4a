//! The steps that check a password, each where it belongs: the database, the queue for hashing, a
//! thread that hashes.

use actix_web::{rt, web::Data};

use crate::{
    error::AppError,
    models::{
        client::Client,
        password::{Password, PasswordAttempt},
        time::UtcTime,
        user::Credentials,
    },
    services::{accounts::Claimant, passwords},
    state::AppState,
};

/// The credentials of `claimant`, if `attempt` is the password. A wrong one is counted; past the limits no
/// password is looked at, the right one neither. They are looked at again once it is this one's turn:
/// hundreds may wait for theirs.
///
/// Errors: `InvalidCredentials`, `TooManyRequests`, `Unavailable` where too many wait.
pub async fn check(
    state: &Data<AppState>,
    client: &Client,
    claimant: Claimant,
    attempt: PasswordAttempt,
) -> Result<Credentials, AppError> {
    // A crowd that is refused anyway is not to queue for the database, where others' requests wait.
    state.hashes.refuse_if_full()?;
    let name = claimant.name().to_owned();
    let credentials = find(state, client, claimant).await?;
    let turn = state.hashes.turn().await?;
    find_limit(state, client, &name).await?;
    let (state, client) = (state.clone(), client.clone());
    let check = async move {
        let cost = state.bcrypt_cost;
        let work = move || passwords::authenticate(credentials, &attempt, cost);
        let (outcome, turn) = turn.run(work).await?;
        if let Err(AppError::InvalidCredentials) = outcome {
            count(&state, &client, &name).await?;
        }
        // Not before the count: whoever has the next turn looks at it.
        drop(turn);
        outcome
    };
    // To its end: what was hashed is counted, also for a caller that hangs up meanwhile.
    rt::spawn(check).await.map_err(AppError::internal)?
}

/// The bcrypt hash of a new password. Errors: `Unavailable` where too many wait.
pub async fn hash(state: &Data<AppState>, password: Password) -> Result<String, AppError> {
    let cost = state.bcrypt_cost;
    let turn = state.hashes.turn().await?;
    let (hash, _) = turn.run(move || passwords::hash(&password, cost)).await?;
    hash
}

async fn find(
    state: &Data<AppState>,
    client: &Client,
    claimant: Claimant,
) -> Result<Option<Credentials>, AppError> {
    let (limits, client) = (state.limits, client.clone());
    let find = move |conn: &mut _| {
        limits.allow_login(conn, &client, claimant.name(), UtcTime::now())?;
        claimant.credentials(conn)
    };
    state.db.read(find).await
}

async fn find_limit(
    state: &Data<AppState>,
    client: &Client,
    account: &str,
) -> Result<(), AppError> {
    let (limits, client, account) = (state.limits, client.clone(), account.to_owned());
    let look = move |conn: &mut _| limits.allow_login(conn, &client, &account, UtcTime::now());
    state.db.read(look).await
}

async fn count(state: &Data<AppState>, client: &Client, account: &str) -> Result<(), AppError> {
    let (limits, client, account) = (state.limits, client.clone(), account.to_owned());
    let count = move |conn: &mut _| limits.count_failure(conn, &client, &account, UtcTime::now());
    state.db.write(count).await
}
