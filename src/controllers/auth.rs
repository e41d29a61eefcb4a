//! `/auth`: registration, and the way from login to logout.

use actix_web::web::{Data, Json};
use paperclip::actix::api_v2_operation;

use super::{
    auth_shapes::{LogoutQuery, PasswordGrant, RefreshGrant, Registration, Token, UserShape},
    extract::{
        current_user::CurrentSession,
        form::OAuthForm,
        json::JsonBody,
        nothing::{NoBody, NoQuery},
        origin::Origin,
        query::Query,
    },
    respond::{Created, NoContent},
};
use crate::{
    error::AppError,
    models::{
        identity::Actor,
        opaque_token::{Kind, OpaqueToken},
        session::LogoutScope,
        time::UtcTime,
    },
    services::{auth, sessions},
    state::AppState,
};

/// Register
///
/// Makes an account. The e-mail address is trimmed and stored in lower case. The operator may limit how
/// many an address registers in an hour (429).
#[api_v2_operation(operation_id = "register", tags("auth"))]
pub async fn register(
    state: Data<AppState>,
    origin: Origin,
    _: NoQuery,
    body: JsonBody<Registration>,
) -> Result<Created<UserShape>, AppError> {
    let Registration { email, password } = body.shape;
    let user = auth::register(&state.auth, origin.0, email, password).await?;
    Ok(Created {
        body: UserShape::from(&user),
        location: "/auth/me".to_owned(),
        etag: None,
    })
}

/// Log in
///
/// The OAuth2 password grant (RFC 6749 section 4.3): the e-mail address goes into `username`. Send
/// the access token as `Authorization: Bearer` with every other request, and keep the refresh token for
/// the next one. After too many failures the answer is 429, whatever the password.
#[api_v2_operation(operation_id = "login", tags("auth"))]
pub async fn login(
    state: Data<AppState>,
    origin: Origin,
    _: NoQuery,
    form: OAuthForm<PasswordGrant>,
) -> Result<Json<Token>, AppError> {
    let PasswordGrant {
        username, password, ..
    } = form.0;
    let pair = auth::log_in(&state.auth, origin.0, username, password).await?;
    Ok(Json(pair.into()))
}

/// Refresh
///
/// Exchanges a refresh token for a new pair (RFC 6749 section 6), once. Within 10 seconds the same token
/// gets the same pair again, so that two tabs may race; after that its use ends the session, since
/// someone else may have it.
#[api_v2_operation(operation_id = "refresh", tags("auth"))]
pub async fn refresh(
    state: Data<AppState>,
    origin: Origin,
    _: NoQuery,
    form: OAuthForm<RefreshGrant>,
) -> Result<Json<Token>, AppError> {
    let token = OpaqueToken::parse(Kind::Refresh, &form.0.refresh_token);
    let token = token.ok_or(AppError::InvalidToken)?;
    let pair = auth::refresh(&state.auth, origin.0, token).await?;
    Ok(Json(pair.into()))
}

/// Log out
///
/// Ends this session (`local`), all others (`others`) or all (`global`), with their access and refresh
/// tokens. Personal access tokens stay.
#[api_v2_operation(operation_id = "logout", tags("auth"))]
pub async fn logout(
    session: CurrentSession,
    state: Data<AppState>,
    origin: Origin,
    query: Query<LogoutQuery>,
    _: NoBody,
) -> Result<NoContent, AppError> {
    let Actor {
        user_id,
        session_id: id,
        ..
    } = session.actor;
    let scope = query.0.scope.unwrap_or(LogoutScope::Local);
    let end =
        move |conn: &mut _| sessions::log_out(conn, user_id, id, scope, &origin.0, UtcTime::now());
    auth::change_own(&state.auth, session.actor, end).await?;
    Ok(NoContent)
}
