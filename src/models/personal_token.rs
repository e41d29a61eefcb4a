//! Personal access tokens.

use std::{str::FromStr, time::Duration};

use diesel::prelude::*;

use super::{scope::Scopes, text::bounded, time::UtcTime, violation::Violation};
use crate::schema::personal_tokens;

/// Longest name, in Unicode scalar values after trimming; the shortest has one.
pub const TOKEN_NAME_MAX: u64 = 100;
/// Longest life in days.
pub const TOKEN_DAYS_MAX: u64 = 366;
/// The same as a duration.
pub const TOKEN_LIFE_MAX: Duration = Duration::from_secs(TOKEN_DAYS_MAX * 24 * 3600);

/// What its user calls a token: 1 to [`TOKEN_NAME_MAX`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName(String);

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

impl TokenName {
    /// The name, trimmed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenName {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        bounded(text, 1, TOKEN_NAME_MAX).map(Self)
    }
}
