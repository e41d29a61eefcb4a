//! The table of users.

use diesel::prelude::*;

use crate::{
    db::DbConn,
    models::user::{Credentials, NewUser, User},
    schema::users,
};

/// Errors: `UniqueViolation` where the e-mail address is in use.
pub fn insert(conn: &mut DbConn, user: &NewUser<'_>) -> QueryResult<User> {
    diesel::insert_into(users::table)
        .values(user)
        .returning((users::id, users::email, users::created_at))
        .get_result(conn)
}

/// `email` in its stored form.
pub fn find_by_email(conn: &mut DbConn, email: &str) -> QueryResult<Option<User>> {
    users::table
        .filter(users::email.eq(email))
        .select((users::id, users::email, users::created_at))
        .get_result(conn)
        .optional()
}

/// `email` in its stored form.
pub fn find_credentials(conn: &mut DbConn, email: &str) -> QueryResult<Option<Credentials>> {
    let found = users::table
        .filter(users::email.eq(email))
        .select((
            (users::id, users::email, users::created_at),
            users::password_hash,
        ))
        .get_result::<(User, String)>(conn)
        .optional()?;
    Ok(found.map(|(user, password_hash)| Credentials {
        user,
        password_hash,
    }))
}
