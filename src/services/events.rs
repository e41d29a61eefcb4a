//! The audit trail of accounts: kind, time, address and request of each event. No secret, password or token
//! is in it.

use super::tasks::Page;
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        client::Client,
        event::{Event, EventKind, NewEvent},
        time::UtcTime,
    },
    repositories::events,
};

/// Stores an event of the user; without a client it was an operator's.
pub fn record(
    conn: &mut DbConn,
    user_id: i64,
    kind: EventKind,
    client: Option<&Client>,
    now: UtcTime,
) -> Result<(), AppError> {
    let event = new_event(kind, client, now);
    Ok(events::insert(conn, user_id, &event)?)
}

/// An event, not stored yet.
pub fn new_event(kind: EventKind, client: Option<&Client>, now: UtcTime) -> NewEvent<'_> {
    NewEvent {
        kind: kind.as_str(),
        created_at: now,
        ip: client.map(|client| client.ip.to_string()),
        request_id: client.map(|client| client.request_id.as_str()),
    }
}

/// One page of the events of `user_id`, newest first, after the event with the id `after`.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    after: Option<i64>,
    limit: u32,
) -> Result<Page<Event>, AppError> {
    let found = events::list(conn, user_id, after, i64::from(limit) + 1)?;
    Ok(Page::cut(found, limit))
}
