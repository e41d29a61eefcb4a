//! `/auth`: registration, and the way from login to logout.

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;

use super::{
    auth_dto::{
        LoginRequest, LogoutQuery, RefreshRequest, RegisterRequest, TokenResponse, UserResponse,
    },
    extract::{current_user::Origin, form::OAuthForm, json::JsonBody, query::Query},
    respond::{Created, NoContent, Success},
};
use crate::{
    error::{AppError, TokenFault},
    models::{
        opaque_token::{Kind, OpaqueToken},
        time::UtcTime,
    },
    services::{
        auth::{self, Owner},
        sessions,
    },
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
    body: JsonBody<RegisterRequest>,
) -> Result<Created<UserResponse>, AppError> {
    let RegisterRequest { email, password } = body.request;
    let user = auth::register(&state.auth, origin.0, email, password).await?;
    Ok(Created {
        body: user.into(),
        location: "/auth/me".to_owned(),
    })
}

/// Log in
///
/// The OAuth2 password grant (RFC 6749 section 4.3): the e-mail address goes into `username`. Send
/// the access token as `Authorization: Bearer` with every other request, and keep the refresh token for
/// the next one. After too many failures the answer is 429, whatever the password.
/// It may also come as JSON, `{"username": …, "password": …}`, in which an
/// unknown field is 422, as in every JSON body. A failure has the fields `error` and `error_description` of
/// RFC 6749 section 5.2 as well: `invalid_grant` for a wrong e-mail address or password.
#[api_v2_operation(operation_id = "login", tags("auth"))]
pub async fn login(
    state: Data<AppState>,
    origin: Origin,
    form: OAuthForm<LoginRequest>,
) -> Result<Success<TokenResponse>, AppError> {
    let LoginRequest {
        username, password, ..
    } = form.0;
    let pair = auth::log_in(&state.auth, origin.0, username, password).await?;
    Ok(Success(pair.into()))
}

/// Refresh
///
/// Exchanges a refresh token for a new pair (RFC 6749 section 6), once. Within 10 seconds the same token
/// gets the same pair again, so that two tabs may race; within 10 minutes, while the new refresh token was
/// never used, it gets that one again with a fresh access token, since the answer may have been lost. After
/// that its use ends the session, since someone else may have it.
/// The media types and the failures are those of a login, with `invalid_grant` for a refresh token that is malformed,
/// expired or revoked.
#[api_v2_operation(operation_id = "refresh", tags("auth"))]
pub async fn refresh(
    state: Data<AppState>,
    origin: Origin,
    form: OAuthForm<RefreshRequest>,
) -> Result<Success<TokenResponse>, AppError> {
    let token = OpaqueToken::parse(Kind::Refresh, &form.0.refresh_token);
    let token = token.ok_or(AppError::InvalidToken(TokenFault::Malformed))?;
    let pair = auth::refresh(&state.auth, origin.0, token).await?;
    Ok(Success(pair.into()))
}

/// Log out
///
/// Ends this session (`local`), all others (`others`) or all (`global`), with their access and refresh
/// tokens. Personal access tokens stay.
#[api_v2_operation(operation_id = "logout", tags("auth"))]
pub async fn logout(
    owner: Owner,
    state: Data<AppState>,
    query: Query<LogoutQuery>,
) -> Result<NoContent, AppError> {
    let Owner { actor, client, .. } = owner;
    let scope = query.0.scope;
    let end = move |conn: &mut _| {
        let (user_id, id) = (actor.user_id, actor.session_id);
        sessions::log_out(conn, user_id, id, scope, &client, UtcTime::now())
    };
    auth::change_own(&state.auth, actor, end).await?;
    Ok(NoContent)
}
