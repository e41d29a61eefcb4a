//! The table of users.
//!
//! A row that a key makes unique is read with `get_result`: `first` would add a bound `LIMIT`, for
//! which SQLite compiles the statement anew at every call.

use diesel::{prelude::*, sql_types::BigInt};

use super::statement::{Statement, is_postgres};
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

/// Until the transaction ends, whoever else asks for the user's turn waits. Changes of several tasks
/// take it on PostgreSQL, so that two of them never wait for each other in a circle; on SQLite whoever
/// may write is alone.
pub fn take_turn(conn: &mut DbConn, user_id: i64) -> QueryResult<()> {
    if is_postgres(conn) {
        let mut statement =
            Statement::<BigInt>::new("SELECT id FROM users WHERE id = ").cached(true);
        statement.int(user_id).sql(" FOR NO KEY UPDATE");
        statement.load::<i64>(conn)?;
    }
    Ok(())
}
