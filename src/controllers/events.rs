//! `/auth/events`: what happened to one's account.

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    pages::ListPage,
    respond::{Listed, Resource},
};
use crate::{
    error::AppError,
    models::{
        event::{Event, EventKind},
        id::Id,
        time::UtcTime,
    },
    services::{auth::Owner, events},
    state::AppState,
};

/// An event in the life of the account.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SecurityEvent", extend("example" = {
    "id": 7,
    "type": "login_succeeded",
    "created_at": "2026-11-23T09:00:00.000000Z",
    "ip": "192.0.2.7",
    "request_id": "0193b1f0-7f2a-7c3e-8a4b-1d2e3f405162",
}))]
pub struct EventResponse {
    #[schemars(with = "Id")]
    id: i64,
    #[schemars(with = "EventKind")]
    r#type: String,
    created_at: UtcTime,
    /// Address of the client; null where it was an operator.
    ip: Option<String>,
    /// `X-Request-Id` of the request; null where it was an operator.
    request_id: Option<String>,
}

impl Resource for EventResponse {}

impl From<Event> for EventResponse {
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
    owner: Owner,
    state: Data<AppState>,
    page: ListPage<i64>,
) -> Result<Listed<EventResponse>, AppError> {
    let owner = owner.user.id;
    let list = move |conn: &mut _| {
        let found = events::list(conn, owner, page.after, page.limit)?;
        page.answer(found, |last| last.id)
    };
    state.db.read(list).await
}
