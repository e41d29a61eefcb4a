//! Limits on failed logins and on registrations, counted in the database so that all replicas share
//! the count.

use std::time::Duration;

use diesel::Connection;

use crate::{
    db::DbConn,
    error::AppError,
    models::{
        client::Client,
        email::Email,
        event::EventKind,
        throttle::{Bucket, Count, Policy},
        time::UtcTime,
    },
    repositories::{events, throttles},
    services::events::new_event,
};

/// How often something may happen.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Failed logins to one account from one address within the window.
    pub per_account: u32,
    /// Failed logins from one address within the window.
    pub per_address: u32,
    /// It begins with the first failure.
    pub window: Duration,
    /// Registrations from one address within an hour; 0: no limit.
    pub registrations: u32,
}

const HOUR: Duration = Duration::from_secs(3600);

impl Limits {
    fn of(&self, policy: Policy) -> (u32, Duration) {
        match policy {
            Policy::Account => (self.per_account, self.window),
            Policy::Address => (self.per_address, self.window),
            Policy::Registration => (self.registrations, HOUR),
        }
    }

    /// Whether `client` may try to prove that it is `account`, which may be any text. It is asked
    /// before a password is looked at, right or wrong. Errors: `TooManyRequests`.
    pub fn allow_login(
        &self,
        conn: &mut DbConn,
        client: &Client,
        account: &str,
        now: UtcTime,
    ) -> Result<(), AppError> {
        let buckets = login_buckets(client, account);
        let counts = throttles::find(conn, &buckets.map(|(_, bucket)| bucket), now)?;
        for (policy, bucket) in buckets {
            let count = counts.iter().find(|count| count.bucket == bucket);
            let (most, _) = self.of(policy);
            if let Some(count) = count.filter(|count| count.hits >= i64::from(most)) {
                return Err(self.refusal(policy, count, now));
            }
        }
        Ok(())
    }

    /// Counts a wrong password for `account`, and stores an event where there is such an account. An
    /// unknown one takes the same statements.
    pub fn count_failure(
        &self,
        conn: &mut DbConn,
        client: &Client,
        account: &str,
        now: UtcTime,
    ) -> Result<(), AppError> {
        let buckets = login_buckets(client, account).map(|(_, bucket)| bucket);
        // No account has a malformed address.
        let email = account.parse::<Email>().ok();
        let email = email.as_ref().map_or("", Email::as_str);
        let event = new_event(EventKind::LoginFailed, Some(client), now);
        // In one transaction, so that there is one commit, with an event to store or without.
        conn.transaction(|conn| {
            throttles::count(conn, &buckets, now, now.plus(self.window))?;
            Ok(events::insert_for(conn, email, &event)?)
        })
    }

    /// Whether registrations are limited at all.
    pub fn counts_registrations(&self) -> bool {
        self.registrations > 0
    }

    /// Counts a try to register, where they are limited. Errors: `TooManyRequests`.
    pub fn count_registration(
        &self,
        conn: &mut DbConn,
        client: &Client,
        now: UtcTime,
    ) -> Result<(), AppError> {
        let policy = Policy::Registration;
        let (most, window) = self.of(policy);
        let bucket = policy.bucket(client, "");
        let counts = throttles::count(conn, &[bucket], now, now.plus(window))?;
        match counts.first() {
            Some(count) if count.hits > i64::from(most) => Err(self.refusal(policy, count, now)),
            _ => Ok(()),
        }
    }

    fn refusal(&self, policy: Policy, count: &Count, now: UtcTime) -> AppError {
        let (quota, window) = self.of(policy);
        AppError::TooManyRequests {
            policy: policy.name(),
            quota,
            window,
            wait: now.until(count.ends_at),
        }
    }
}

fn login_buckets(client: &Client, account: &str) -> [(Policy, Bucket); 2] {
    [Policy::Account, Policy::Address].map(|policy| (policy, policy.bucket(client, account)))
}
