//! Personal access tokens.

use std::time::Duration;

use diesel::prelude::*;

use super::{scope::Scopes, time::UtcTime, value::text};
use crate::schema::personal_tokens;

/// Longest life in days.
pub const TOKEN_DAYS_MAX: u64 = 366;
/// The same as a duration.
pub const TOKEN_LIFE_MAX: Duration = Duration::from_secs(TOKEN_DAYS_MAX * 24 * 3600);

text! {
    /// The name that a user gives a token.
    pub struct TokenName(1..=100);
}

/// A token, without what proves it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = personal_tokens)]
pub struct PersonalToken {
    pub id: i64,
    pub name: String,
    pub scopes: Scopes,
    pub expires_at: UtcTime,
    pub created_at: UtcTime,
    pub last_used_at: Option<UtcTime>,
}

/// A row to be inserted; the database gives it its id.
#[derive(Debug, Insertable)]
#[diesel(table_name = personal_tokens)]
pub struct NewPersonalToken<'a> {
    pub user_id: i64,
    pub hash: &'a [u8],
    pub name: &'a str,
    pub scopes: String,
    pub expires_at: UtcTime,
    pub created_at: UtcTime,
}
