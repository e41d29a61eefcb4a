//! `/auth/sessions`: where one is logged in.

use actix_web::{HttpRequest, web::Data};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use super::{
    cursor::Cursor,
    extract::{
        current_user::CurrentSession,
        nothing::{NoBody, NoQuery},
        origin::Origin,
        path::PathId,
        query::Query,
    },
    list_query::{PageQuery, next_target},
    respond::{Listed, NoContent},
};
use crate::{
    error::AppError,
    models::{precondition::IfNoneMatch, session::Session, time::UtcTime},
    services::{auth, sessions},
    state::AppState,
};

/// What a cursor of the list is bound to.
const SCOPE: &str = "sessions";

/// A session, as its user sees it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Session")]
pub struct SessionShape {
    id: i64,
    created_at: UtcTime,
    last_used_at: UtcTime,
    ip: String,
    user_agent: Option<String>,
    current: bool,
}

impl From<(bool, Session)> for SessionShape {
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
    session: CurrentSession,
    state: Data<AppState>,
    req: HttpRequest,
    query: Query<PageQuery>,
    known: IfNoneMatch,
    _: NoBody,
) -> Result<Listed<SessionShape>, AppError> {
    let (owner, limit) = (session.user.id, query.0.limit.unwrap_or_default().get());
    let place: Option<i64> = query.place(SCOPE)?;
    let target = req.query_string().to_owned();
    let listed = state.db.read(move |conn| {
        let page = sessions::list(conn, owner, place, limit, UtcTime::now())?;
        let page = page.map(|found| (found.id == session.actor.session_id, found));
        Listed::new(page, known, |(_, last)| {
            next_target("/auth/sessions", &target, &Cursor::new(SCOPE, &last.id))
        })
    });
    listed.await
}

/// End a session
///
/// Its access token and its refresh token are refused from now on.
#[api_v2_operation(operation_id = "revokeSession", tags("auth"))]
pub async fn revoke(
    session: CurrentSession,
    state: Data<AppState>,
    origin: Origin,
    id: PathId,
    _: NoQuery,
    _: NoBody,
) -> Result<NoContent, AppError> {
    let (owner, id) = (session.user.id, id.get()?);
    let revoke = move |conn: &mut _| sessions::revoke(conn, owner, id, &origin.0, UtcTime::now());
    auth::change_own(&state.auth, session.actor, revoke).await?;
    Ok(NoContent)
}
