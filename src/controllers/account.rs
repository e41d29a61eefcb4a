//! `/auth/me` and `/auth/password`: one's own account. Every change needs the password.

use std::sync::Arc;

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;

use super::{
    auth_dto::{
        ChangeEmailRequest, ChangePasswordRequest, CurrentUserResponse, DeleteAccountRequest,
        UserResponse,
    },
    extract::{current_user::CurrentUser, json::JsonBody},
    respond::{NoContent, Success},
};
use crate::{
    error::AppError,
    services::auth::{self, Owner},
    state::AppState,
};

/// Who am I
///
/// The user of the token. With a personal access token, `token` says what that one may do, and until when.
#[api_v2_operation(operation_id = "getCurrentUser", tags("auth"))]
pub async fn me(user: CurrentUser) -> Result<Success<CurrentUserResponse>, AppError> {
    Ok(Success(Arc::unwrap_or_clone(user.0).into()))
}

/// Change the e-mail address
///
/// All access tokens of the account end, also this one; each session's refresh token gives one for the
/// new address. A wrong `current_password` is 422 and counts as a failed login.
#[api_v2_operation(operation_id = "changeEmail", tags("auth"))]
pub async fn change_email(
    owner: Owner,
    state: Data<AppState>,
    body: JsonBody<ChangeEmailRequest>,
) -> Result<Success<UserResponse>, AppError> {
    let (email, attempt) = (body.request.email, body.request.current_password);
    let user = auth::change_email(&state.auth, owner, email, attempt).await?;
    Ok(Success(user.into()))
}

/// Change the password
///
/// Every other session ends; this one goes on with its tokens, and personal access tokens stay. A wrong
/// `current_password` is 422 and counts as a failed login.
#[api_v2_operation(operation_id = "changePassword", tags("auth"))]
pub async fn change_password(
    owner: Owner,
    state: Data<AppState>,
    body: JsonBody<ChangePasswordRequest>,
) -> Result<NoContent, AppError> {
    let (new, attempt) = (body.request.new_password, body.request.current_password);
    auth::change_password(&state.auth, owner, new, attempt).await?;
    Ok(NoContent)
}

/// Delete the account
///
/// With everything that belongs to it: tasks, sessions, tokens. There is no way back. A wrong
/// `current_password` is 422 and counts as a failed login.
#[api_v2_operation(operation_id = "deleteAccount", tags("auth"))]
pub async fn delete(
    owner: Owner,
    state: Data<AppState>,
    body: JsonBody<DeleteAccountRequest>,
) -> Result<NoContent, AppError> {
    let attempt = body.request.current_password;
    auth::delete_account(&state.auth, owner, attempt).await?;
    Ok(NoContent)
}
