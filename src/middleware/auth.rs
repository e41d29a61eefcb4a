//! Whose request it is.

use actix_web::{HttpMessage, HttpRequest, http::header, web::Data};

use crate::{
    error::{AppError, TokenFault},
    models::{permission::Permission, scope::Scope},
    services::identities::Credential,
    state::AppState,
};

/// Verifies the bearer token (RFC 6750 section 2.1), looks up its user, and puts the identity into
/// the request's extensions. Nothing is asked of a request that needs no permission.
///
/// Errors: `NotAuthenticated`; `InvalidToken`; `InsufficientScope` where the token does not have the permission.
pub async fn authorize(req: &HttpRequest, permission: Permission) -> Result<(), AppError> {
    if permission == Permission::Public {
        return Ok(());
    }
    let token = bearer_token(req)?.ok_or(AppError::NotAuthenticated)?;
    let state = req
        .app_data::<Data<AppState>>()
        .ok_or_else(|| AppError::internal("the state is not registered"))?;
    let credential = Credential::read(&state.auth.tokens, token)?;
    let identity = state.auth.identities.find(&credential).await?;
    let mut extensions = req.extensions_mut();
    extensions.insert(credential);
    let is_allowed = permission.is_met_by(&identity.grant);
    extensions.insert(identity);
    if is_allowed {
        Ok(())
    } else {
        let scope = permission.scope().map(Scope::as_str);
        Err(AppError::InsufficientScope { scope })
    }
}

/// `None` where the request has no `Authorization` header, or one of another scheme. The scheme is
/// case-insensitive (RFC 9110 section 11.1): clients send back the `bearer` of `token_type`. The parser of
/// `actix-web-httpauth` takes `Bearer` alone, and is therefore not used; that crate writes the challenge.
/// Errors: `InvalidToken` where the scheme is Bearer and what follows is not one token.
fn bearer_token(req: &HttpRequest) -> Result<Option<&str>, AppError> {
    const MALFORMED: AppError = AppError::InvalidToken(TokenFault::Malformed);
    let mut lines = req.headers().get_all(header::AUTHORIZATION);
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Ok(None),
        (Some(line), None) => line.to_str().map_err(|_| MALFORMED)?,
        (Some(_), Some(_)) => return Err(MALFORMED),
    };
    let (scheme, token) = line.split_once(' ').unwrap_or((line, ""));
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") {
        Ok(None)
    } else if token.is_empty() {
        Err(MALFORMED)
    } else {
        Ok(Some(token))
    }
}
