//! The audit trail. The owner leads every statement.

use diesel::{
    prelude::*,
    sql_types::{Nullable, Text, Timestamp},
};

use super::query::columns;
use crate::{
    db::DbConn,
    models::event::{Event, NewEvent},
    schema::{security_events, users},
};

/// Stores an event of the user.
pub fn insert(conn: &mut DbConn, user_id: i64, event: &NewEvent<'_>) -> QueryResult<()> {
    diesel::insert_into(security_events::table)
        .values((security_events::user_id.eq(user_id), event))
        .execute(conn)?;
    Ok(())
}

/// Stores an event of the user with the e-mail address `email`, in its stored form, if there is one:
/// the same statement either way, which takes the same time.
pub fn insert_for(conn: &mut DbConn, email: &str, event: &NewEvent<'_>) -> QueryResult<()> {
    let rows = users::table
        .filter(users::email.eq(email))
        .filter(users::deleted_at.is_null())
        .select((
            users::id,
            event.kind.into_sql::<Text>(),
            event.created_at.into_sql::<Timestamp>(),
            event.ip.as_deref().into_sql::<Nullable<Text>>(),
            event.request_id.into_sql::<Nullable<Text>>(),
        ));
    let columns = (
        security_events::user_id,
        security_events::kind,
        security_events::created_at,
        security_events::ip,
        security_events::request_id,
    );
    match conn {
        // The deletion of the account waits for this event, or this for that.
        DbConn::Postgres(c) => diesel::insert_into(security_events::table)
            .values(rows.for_key_share())
            .into_columns(columns)
            .execute(c)?,
        DbConn::Sqlite(c) => diesel::insert_into(security_events::table)
            .values(rows)
            .into_columns(columns)
            .execute(c)?,
    };
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
        .select(columns::<Event>())
        .load(conn)
}
