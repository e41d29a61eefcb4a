//! `/auth/events`: what happened to one's account.

use actix_web::{HttpRequest, web::Data};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use super::{
    cursor::Cursor,
    extract::{current_user::CurrentSession, nothing::NoBody, query::Query},
    list_query::{PageQuery, next_target},
    respond::Listed,
};
use crate::{
    error::AppError,
    models::{event::Event, precondition::IfNoneMatch, time::UtcTime},
    services::events,
    state::AppState,
};

/// What a cursor of the list is bound to.
const SCOPE: &str = "events";

/// An event, as its user sees it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "SecurityEvent")]
pub struct EventShape {
    id: i64,
    r#type: String,
    created_at: UtcTime,
    ip: Option<String>,
    request_id: Option<String>,
}

impl From<Event> for EventShape {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            r#type: event.kind,
            created_at: event.created_at,
            ip: event.ip,
            request_id: event.request_id,
        }
    }
}

/// List security events
///
/// What happened to the account within the last year, the latest first. `ip` and `request_id` are null for
/// what an operator did.
#[api_v2_operation(operation_id = "listEvents", tags("auth"))]
pub async fn list(
    session: CurrentSession,
    state: Data<AppState>,
    req: HttpRequest,
    query: Query<PageQuery>,
    known: IfNoneMatch,
    _: NoBody,
) -> Result<Listed<EventShape>, AppError> {
    let (owner, limit) = (session.user.id, query.0.limit.unwrap_or_default().get());
    let place: Option<i64> = query.place(SCOPE)?;
    let target = req.query_string().to_owned();
    let listed = state.db.read(move |conn| {
        let page = events::list(conn, owner, place, limit)?;
        Listed::new(page, known, |last| {
            next_target("/auth/events", &target, &Cursor::new(SCOPE, &last.id))
        })
    });
    listed.await
}
