//! Sessions: where a user is logged in.

use diesel::prelude::*;

use super::{time::UtcTime, value::names};
use crate::schema::{refresh_tokens, sessions};

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: i64,
    pub created_at: UtcTime,
    pub last_used_at: UtcTime,
    pub ip: String,
    pub user_agent: Option<String>,
}

/// A row to be inserted; the database gives it its id.
#[derive(Debug, Insertable)]
#[diesel(table_name = sessions)]
pub struct NewSession<'a> {
    pub user_id: i64,
    pub created_at: UtcTime,
    pub last_used_at: UtcTime,
    pub expires_at: UtcTime,
    pub ip: String,
    pub user_agent: Option<&'a str>,
}

/// A refresh token that was found, and when the session that it belongs to began and will end.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = refresh_tokens)]
pub struct RefreshToken {
    pub session_id: i64,
    pub used_at: Option<UtcTime>,
    pub child_hash: Option<Vec<u8>>,
    #[diesel(select_expression = sessions::created_at)]
    pub session_created_at: UtcTime,
    #[diesel(select_expression = sessions::expires_at)]
    pub session_expires_at: UtcTime,
}

/// A use of a session.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = sessions, treat_none_as_null = true)]
pub struct SessionUse<'a> {
    pub last_used_at: UtcTime,
    pub expires_at: UtcTime,
    pub ip: &'a str,
    pub user_agent: Option<&'a str>,
}

/// A row to be inserted.
#[derive(Debug, Insertable)]
#[diesel(table_name = refresh_tokens)]
pub struct NewRefreshToken<'a> {
    pub user_id: i64,
    pub hash: &'a [u8],
    pub session_id: i64,
}

names! {
    /// Which sessions a logout ends.
    #[derive(Default)]
    pub enum LogoutScope {
        #[default]
        Local = "local",
        Others = "others",
        Global = "global",
    }
}
