//! Users.

use diesel::prelude::*;

use super::time::UtcTime;
use crate::schema::users;

/// Who someone is, without what proves it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i64,
    pub email: String,
    pub created_at: UtcTime,
}

/// A user with what proves a login or a token.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Credentials {
    #[diesel(embed)]
    pub user: User,
    /// bcrypt.
    pub password_hash: String,
    /// Access tokens from before this second are refused (`NumericDate`, RFC 7519 section 2).
    pub tokens_not_before: i64,
}

/// A row to be inserted; the database gives it its id.
#[derive(Insertable)]
#[diesel(table_name = users)]
pub struct NewUser<'a> {
    pub email: &'a str,
    pub password_hash: &'a str,
    pub created_at: UtcTime,
}
