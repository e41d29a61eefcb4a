//! The audit trail. The owner leads every statement.

use diesel::prelude::*;

use super::statement::{Statement, is_postgres};
use crate::{
    db::DbConn,
    models::event::{Event, NewEvent},
    schema::security_events,
};

/// Stores an event.
pub fn insert(conn: &mut DbConn, event: &NewEvent<'_>) -> QueryResult<()> {
    diesel::insert_into(security_events::table)
        .values(event)
        .execute(conn)?;
    Ok(())
}

/// Stores an event of the user with the e-mail address `email`, in its stored form, if there is one:
/// the same statement either way, which takes the same time. The event's own user is not looked at.
pub fn insert_for(conn: &mut DbConn, email: &str, event: &NewEvent<'_>) -> QueryResult<()> {
    let mut statement = Statement::<()>::new(
        "INSERT INTO security_events (user_id, kind, created_at, ip, request_id) SELECT id, ",
    )
    .cached(true);
    statement.text(event.kind).sql(", ").time(event.created_at);
    statement.sql(", ").nullable_text(event.ip.clone());
    let request_id = event.request_id.map(str::to_owned);
    statement.sql(", ").nullable_text(request_id);
    statement.sql(" FROM users WHERE email = ").text(email);
    if is_postgres(conn) {
        // Whoever deletes the account waits for this event, or this for that.
        statement.sql(" FOR KEY SHARE");
    }
    statement.execute(conn)?;
    Ok(())
}

/// One page, newest first, before the event with the id `before`.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    before: Option<i64>,
    most: i64,
) -> QueryResult<Vec<Event>> {
    security_events::table
        .filter(security_events::user_id.eq(user_id))
        .filter(security_events::id.lt(before.unwrap_or(i64::MAX)))
        .order(security_events::id.desc())
        .limit(most)
        .select((
            security_events::id,
            security_events::kind,
            security_events::created_at,
            security_events::ip,
            security_events::request_id,
        ))
        .load(conn)
}

/// Deletes all that is known of the user.
pub fn delete_all(conn: &mut DbConn, user_id: i64) -> QueryResult<()> {
    diesel::delete(security_events::table.filter(security_events::user_id.eq(user_id)))
        .execute(conn)?;
    Ok(())
}
