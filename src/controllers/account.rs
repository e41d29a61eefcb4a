//! `/auth/me` and `/auth/password`: one's own account. Every change needs the password.

use actix_web::web::{Data, Json};
use paperclip::actix::api_v2_operation;

use super::{
    auth_shapes::{AccountDeletion, EmailChange, PasswordChange, UserShape},
    extract::{
        current_user::{CurrentSession, CurrentUser},
        json::JsonBody,
        nothing::{NoBody, NoQuery},
        origin::Origin,
    },
    password_check,
    respond::NoContent,
};
use crate::{
    error::AppError,
    models::{
        client::Client, password::PasswordAttempt, time::UtcTime, user::Credentials, user::User,
    },
    services::accounts::{self, Claimant},
    state::AppState,
};

/// Who am I
///
/// The user for whom the token stands. Any token may ask.
#[api_v2_operation(operation_id = "getCurrentUser", tags("auth"))]
pub async fn me(user: CurrentUser, _: NoQuery, _: NoBody) -> Result<Json<UserShape>, AppError> {
    Ok(Json(UserShape::from(&*user)))
}

/// Change the e-mail address
///
/// All access tokens of the account end, also this one; each session's refresh token gives one for the
/// new address. A wrong `current_password` is 422 and counts as a failed login.
#[api_v2_operation(operation_id = "changeEmail", tags("auth"))]
pub async fn change_email(
    session: CurrentSession,
    state: Data<AppState>,
    origin: Origin,
    _: NoQuery,
    body: JsonBody<EmailChange>,
) -> Result<Json<UserShape>, AppError> {
    let EmailChange {
        email,
        current_password,
    } = body.shape;
    let proven = prove(&state, &origin.0, &session.user, current_password).await?;
    let change = move |conn: &mut _| {
        accounts::change_email(conn, &proven, &email, &origin.0, UtcTime::now())
    };
    let user = state.change_own_account(session.actor, change).await?;
    Ok(Json(UserShape::from(&user)))
}

/// Change the password
///
/// Every other session ends; this one goes on with its tokens, and personal access tokens stay. A wrong
/// `current_password` is 422 and counts as a failed login.
#[api_v2_operation(operation_id = "changePassword", tags("auth"))]
pub async fn change_password(
    session: CurrentSession,
    state: Data<AppState>,
    origin: Origin,
    _: NoQuery,
    body: JsonBody<PasswordChange>,
) -> Result<NoContent, AppError> {
    let PasswordChange {
        current_password,
        new_password,
    } = body.shape;
    let (user, actor) = (session.user, session.actor);
    let proven = prove(&state, &origin.0, &user, current_password).await?;
    let hash = password_check::hash(&state, new_password).await?;
    let change = move |conn: &mut _| {
        accounts::change_password(
            conn,
            &proven,
            actor.session_id,
            &hash,
            &origin.0,
            UtcTime::now(),
        )
    };
    state.change_own_account(actor, change).await?;
    Ok(NoContent)
}

/// Delete the account
///
/// With everything that belongs to it: tasks, sessions, tokens. There is no way back. A wrong
/// `current_password` is 422 and counts as a failed login.
#[api_v2_operation(operation_id = "deleteAccount", tags("auth"))]
pub async fn delete(
    session: CurrentSession,
    state: Data<AppState>,
    origin: Origin,
    _: NoQuery,
    body: JsonBody<AccountDeletion>,
) -> Result<NoContent, AppError> {
    let attempt = body.shape.current_password;
    let proven = prove(&state, &origin.0, &session.user, attempt).await?;
    let delete = move |conn: &mut _| accounts::delete(conn, &proven, &origin.0, UtcTime::now());
    state.change_own_account(session.actor, delete).await?;
    Ok(NoContent)
}

/// The user's credentials, if `attempt` is the password.
async fn prove(
    state: &Data<AppState>,
    client: &Client,
    user: &User,
    attempt: PasswordAttempt,
) -> Result<Credentials, AppError> {
    let claimant = Claimant::User(user.clone());
    let checked = password_check::check(state, client, claimant, attempt);
    checked.await.map_err(|error| match error {
        AppError::InvalidCredentials => accounts::wrong_password(),
        other => other,
    })
}
