//! Users.

use diesel::prelude::*;

use super::time::UtcTime;
use crate::schema::users;

/// Who someone is, without what proves it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct User {
    pub id: i64,
    pub email: String,
    pub created_at: UtcTime,
}

/// A user with the bcrypt hash that a login is checked against.
pub struct Credentials {
    pub user: User,
    pub password_hash: String,
}

/// A row to be inserted; the database gives it its id.
#[derive(Insertable)]
#[diesel(table_name = users)]
pub struct NewUser<'a> {
    pub email: &'a str,
    pub password_hash: &'a str,
    pub created_at: UtcTime,
}
