//! The audit trail of an account.

use diesel::prelude::*;

use super::time::UtcTime;
use crate::schema::security_events;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    LoginSucceeded,
    /// Also where a change of the account was tried with a wrong password.
    LoginFailed,
    /// A refresh token was used again, and its session ended.
    RefreshReused,
    PasswordChanged,
    EmailChanged,
    TokenCreated,
    TokenRevoked,
    SessionRevoked,
    AccountDeleted,
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

impl EventKind {
    /// Every kind, by name.
    pub const NAMES: [&str; 9] = [
        "login_succeeded",
        "login_failed",
        "refresh_reused",
        "password_changed",
        "email_changed",
        "token_created",
        "token_revoked",
        "session_revoked",
        "account_deleted",
    ];

    /// Its name in the table and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoginSucceeded => "login_succeeded",
            Self::LoginFailed => "login_failed",
            Self::RefreshReused => "refresh_reused",
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
            Self::TokenCreated => "token_created",
            Self::TokenRevoked => "token_revoked",
            Self::SessionRevoked => "session_revoked",
            Self::AccountDeleted => "account_deleted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_name() {
        let kinds = [
            EventKind::LoginSucceeded,
            EventKind::LoginFailed,
            EventKind::RefreshReused,
            EventKind::PasswordChanged,
            EventKind::EmailChanged,
            EventKind::TokenCreated,
            EventKind::TokenRevoked,
            EventKind::SessionRevoked,
            EventKind::AccountDeleted,
        ];
        assert_eq!(kinds.map(EventKind::as_str), EventKind::NAMES);
    }
}
