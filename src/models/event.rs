//! The audit trail of an account.

use diesel::prelude::*;

use super::{time::UtcTime, value::names};
use crate::schema::security_events;

names! {
    /// The kind of an event.
    pub enum EventKind {
        LoginSucceeded = "login_succeeded",
        /// Also where a change of the account was tried with a wrong password.
        LoginFailed = "login_failed",
        /// A refresh token was used again, and its session ended.
        RefreshReused = "refresh_reused",
        PasswordChanged = "password_changed",
        EmailChanged = "email_changed",
        TokenCreated = "token_created",
        TokenRevoked = "token_revoked",
        SessionRevoked = "session_revoked",
        AccountDeleted = "account_deleted",
    }
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = security_events)]
pub struct Event {
    pub id: i64,
    pub kind: String,
    pub created_at: UtcTime,
    pub ip: Option<String>,
    pub request_id: Option<String>,
}

/// A row to be inserted, but for its user; the database gives it its id.
#[derive(Debug, Insertable)]
#[diesel(table_name = security_events)]
pub struct NewEvent<'a> {
    pub kind: &'a str,
    pub created_at: UtcTime,
    pub ip: Option<String>,
    pub request_id: Option<&'a str>,
}
