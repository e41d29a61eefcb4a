//! The password protocol, each step where it belongs: limits and credentials in the database, the queue for
//! hashing, a thread that hashes, the count of failures.

use std::sync::Arc;

use super::{auth::Auth, passwords};
use crate::{
    db::DbConn,
    error::AppError,
    hash_pool::Permit,
    models::{
        client::Client,
        email::Email,
        password::{Password, PasswordAttempt},
        time::UtcTime,
        user::{Credentials, User},
    },
    repositories::users,
};

/// Whose password is to be proved.
#[derive(Debug, Clone)]
pub enum LoginSubject {
    /// The account with this e-mail address, which may be any text.
    Address(String),
    /// A user who is logged in. The id counts: the address may belong to another account by now.
    User(User),
}

impl LoginSubject {
    /// The name under which failures are counted.
    fn name(&self) -> &str {
        match self {
            Self::Address(address) => address,
            Self::User(user) => &user.email,
        }
    }

    /// The credentials of the account, if there is one. No account can have a malformed address, which is
    /// answered like a wrong password. Errors: `InvalidToken` where the user is gone.
    pub fn credentials(&self, conn: &mut DbConn) -> Result<Option<Credentials>, AppError> {
        match self {
            Self::Address(address) => match address.parse::<Email>() {
                Ok(email) => Ok(users::find_credentials(conn, email.as_str())?),
                Err(_) => Ok(None),
            },
            Self::User(user) => match users::find_credentials_by_id(conn, user.id)? {
                Some(credentials) => Ok(Some(credentials)),
                None => Err(AppError::REVOKED),
            },
        }
    }
}

/// One check, for each of its steps.
struct Check {
    auth: Auth,
    client: Client,
    subject: LoginSubject,
    attempt: PasswordAttempt,
}

/// The credentials of `subject`, if `attempt` is the password. A wrong one is counted; over the limits no
/// password is looked at, not even the right one. The limits are looked at again once the permit to hash
/// is there: hundreds may wait for theirs. A hash of another cost than is wanted now is replaced.
///
/// Errors: `InvalidCredentials`; `TooManyRequests`; `Unavailable` where too many wait.
pub async fn check(
    auth: &Auth,
    client: &Client,
    subject: LoginSubject,
    attempt: PasswordAttempt,
) -> Result<Credentials, AppError> {
    let check = Arc::new(Check {
        auth: auth.clone(),
        client: client.clone(),
        subject,
        attempt,
    });
    loop {
        // Logins that will be refused do not queue for the database, where others' requests wait.
        auth.hashes.refuse_if_full()?;
        let step = check.clone();
        let find = move |conn: &mut DbConn| {
            step.allow(conn)?;
            step.subject.credentials(conn)
        };
        let credentials = auth.db.read(find).await?;
        let permit = auth.hashes.permit().await?;
        let step = check.clone();
        auth.db.read(move |conn| step.allow(conn)).await?;
        // To its end: what was hashed is counted even if the caller hangs up meanwhile.
        let checked = tokio::spawn(check.clone().hash(permit, credentials)).await;
        if let Some(credentials) = checked.map_err(AppError::internal)?? {
            return Ok(credentials);
        }
    }
}

/// The bcrypt hash of a new password. Errors: `Unavailable` where too many wait.
pub async fn hash(auth: &Auth, password: Password) -> Result<String, AppError> {
    let cost = auth.bcrypt_cost;
    let permit = auth.hashes.permit().await?;
    let (hash, _) = permit.run(move || passwords::hash(&password, cost)).await?;
    hash
}

impl Check {
    fn allow(&self, conn: &mut DbConn) -> Result<(), AppError> {
        let (name, now) = (self.subject.name(), UtcTime::now());
        let limits = self.auth.limits;
        limits.allow_login(conn, &self.client, name, now)
    }

    fn count_failure(&self, conn: &mut DbConn) -> Result<(), AppError> {
        let (name, now) = (self.subject.name(), UtcTime::now());
        let limits = self.auth.limits;
        limits.count_failure(conn, &self.client, name, now)
    }

    /// `None` where another login has replaced the hash since it was read.
    async fn hash(
        self: Arc<Self>,
        permit: Permit,
        credentials: Option<Credentials>,
    ) -> Result<Option<Credentials>, AppError> {
        let check = self.clone();
        let work = move || {
            let (attempt, cost) = (&check.attempt, check.auth.bcrypt_cost);
            let known = passwords::authenticate(credentials, attempt, cost)?;
            let renewed = passwords::rehash(&known, attempt, cost)?;
            Ok((known, renewed))
        };
        let (outcome, permit) = permit.run(work).await?;
        let db = self.auth.db.clone();
        if let Err(AppError::InvalidCredentials) = outcome {
            db.write(move |conn| self.count_failure(conn)).await?;
        }
        // Not before the count: the next holder of the permit looks at it.
        drop(permit);
        let (known, renewed) = outcome?;
        let Some(password_hash) = renewed else {
            return Ok(Some(known));
        };
        db.write(move |conn| {
            let (id, old) = (known.user.id, &known.password_hash);
            let is_replaced = users::replace_password_hash(conn, id, old, &password_hash)?;
            Ok(is_replaced.then_some(Credentials {
                password_hash,
                ..known
            }))
        })
        .await
    }
}
