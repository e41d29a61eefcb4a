//! Whose request it is.

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
    web::Data,
};

use crate::{access, error::AppError, services::identities::Credential, state::AppState};

/// The current user's id, for the log.
#[derive(Debug, Clone, Copy)]
pub struct UserId(pub i64);

/// Verifies the bearer token (RFC 6750 section 2.1), finds out for whom it stands and whether it may do
/// what is asked ([`access::NEEDS`]), and puts the identity into the request's extensions. A request
/// without credentials goes on without one: the handler's extractor decides whether it needs one.
pub async fn identify<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match find_user(req.request()).await {
        Ok(()) => Ok(next.call(req).await?.map_into_boxed_body()),
        // An `Err` from here would pass by the middleware that writes problems and logs.
        Err(error) => Ok(req.error_response(error)),
    }
}

async fn find_user(req: &HttpRequest) -> Result<(), AppError> {
    let Some(token) = bearer_token(req)? else {
        return Ok(());
    };
    let state = req
        .app_data::<Data<AppState>>()
        .ok_or_else(|| AppError::internal("the state is not registered"))?;
    let credential = Credential::read(&state.auth.tokens, token)?;
    let identity = state.auth.identities.find(&credential).await?;
    req.extensions_mut().insert(credential);
    req.extensions_mut().insert(UserId(identity.user.id));
    let pattern = req.match_pattern().unwrap_or_default();
    match access::need(req.method().as_str(), &pattern) {
        Some(need) if need.is_met_by(&identity.grant) => {
            req.extensions_mut().insert(identity);
            Ok(())
        }
        Some(_) => Err(AppError::InsufficientScope),
        // The path does not have the method; no handler would find a user.
        None => Ok(()),
    }
}

/// `None` where the request has no `Authorization` header, or one of another scheme. The scheme is
/// case-insensitive (RFC 9110 section 11.1): clients send back the `bearer` of `token_type`.
/// Errors: `InvalidToken` where the scheme is Bearer and what follows is not one token.
fn bearer_token(req: &HttpRequest) -> Result<Option<&str>, AppError> {
    let mut lines = req.headers().get_all(header::AUTHORIZATION);
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Ok(None),
        (Some(line), None) => line.to_str().map_err(|_| AppError::InvalidToken)?,
        (Some(_), Some(_)) => return Err(AppError::InvalidToken),
    };
    let (scheme, token) = line.split_once(' ').unwrap_or((line, ""));
    match (scheme.eq_ignore_ascii_case("bearer"), token.trim()) {
        (false, _) => Ok(None),
        (true, "") => Err(AppError::InvalidToken),
        (true, token) => Ok(Some(token)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn token(lines: &[&str]) -> Result<Option<String>, &'static str> {
        let request = lines.iter().fold(TestRequest::get(), |request, line| {
            request.append_header((header::AUTHORIZATION, *line))
        });
        bearer_token(&request.to_http_request())
            .map(|token| token.map(str::to_owned))
            .map_err(|error| error.code().as_str())
    }

    #[test]
    fn the_scheme_has_no_case_and_other_schemes_are_no_credentials() {
        assert_eq!(token(&[]), Ok(None));
        assert_eq!(token(&["Bearer abc"]), Ok(Some("abc".to_owned())));
        assert_eq!(token(&["bearer  abc "]), Ok(Some("abc".to_owned())));
        assert_eq!(token(&["Basic YTpi"]), Ok(None));
        assert_eq!(token(&["Bearer"]), Err("invalid_token"));
        assert_eq!(token(&["Bearer "]), Err("invalid_token"));
        assert_eq!(token(&["Bearer a", "Bearer b"]), Err("invalid_token"));
    }
}
