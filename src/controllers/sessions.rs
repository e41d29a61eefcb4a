//! `/auth/sessions`: where one is logged in.

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    extract::path::PathId,
    pages::ListPage,
    respond::{Listed, NoContent, Resource},
};
use crate::{
    error::AppError,
    models::{client::USER_AGENT_MAX, id::Id, session::Session, time::UtcTime},
    services::{
        auth::{self, Owner},
        sessions,
    },
    state::AppState,
};

/// A login that lasts.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Session", extend("example" = {
    "id": 7,
    "created_at": "2026-11-23T09:00:00.000000Z",
    "last_used_at": "2026-11-23T09:00:00.000000Z",
    "ip": "192.0.2.7",
    "user_agent": "curl/8.5.0",
    "current": true,
}))]
pub struct SessionResponse {
    #[schemars(with = "Id")]
    id: i64,
    created_at: UtcTime,
    /// The login, or the last refresh.
    last_used_at: UtcTime,
    /// Address of the client.
    ip: String,
    /// As the client called itself.
    #[schemars(length(max = USER_AGENT_MAX))]
    user_agent: Option<String>,
    /// Whether the request's own token belongs to it.
    current: bool,
}

impl Resource for SessionResponse {}

impl From<(bool, Session)> for SessionResponse {
    fn from((current, session): (bool, Session)) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            ip: session.ip,
            user_agent: session.user_agent,
            current,
        }
    }
}

/// List sessions
///
/// Where one is logged in, the last login first. Address and user agent are those of the login or the last
/// refresh.
#[api_v2_operation(operation_id = "listSessions", tags("auth"))]
pub async fn list(
    owner: Owner,
    state: Data<AppState>,
    page: ListPage<i64>,
) -> Result<Listed<SessionResponse>, AppError> {
    let (owner, own) = (owner.user.id, owner.actor.session_id);
    let list = move |conn: &mut _| {
        let found = sessions::list(conn, owner, page.after, page.limit, UtcTime::now())?;
        let found = found.map(|found| (found.id == own, found));
        page.answer(found, |(_, last)| last.id)
    };
    state.db.read(list).await
}

/// End a session
///
/// Its access token and its refresh token are refused from now on.
#[api_v2_operation(operation_id = "revokeSession", tags("auth"))]
pub async fn revoke(
    owner: Owner,
    state: Data<AppState>,
    id: PathId,
) -> Result<NoContent, AppError> {
    let Owner {
        user,
        actor,
        client,
    } = owner;
    let id = id.get()?;
    let revoke = move |conn: &mut _| sessions::revoke(conn, user.id, id, &client, UtcTime::now());
    auth::change_own(&state.auth, actor, revoke).await?;
    Ok(NoContent)
}
