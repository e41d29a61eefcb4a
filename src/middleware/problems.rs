//! Every failure leaves as problem details (RFC 9457), those of the framework too.

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap, HeaderValue},
    middleware::Next,
    web::Data,
};
use log::Level;

use crate::{
    error::{
        AppError, UnavailableReason,
        code::ErrorCode,
        problem::{self, GrantRequest, Problem},
        request_id::RequestId,
    },
    state::AppState,
};

/// Writes the body of every response from 400 up, under the request's id. A refusal of our code
/// carries its [`AppError`]; the others come from the framework (no route, no such method, a
/// refused preflight) and has only a status.
pub async fn problems<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let res = next.call(req).await?.map_into_boxed_body();
    Ok(match ErrorCode::of_status(res.status()) {
        None => res,
        Some(code) => rewrite(res, code),
    })
}

fn rewrite(res: ServiceResponse, fallback: ErrorCode) -> ServiceResponse {
    let (req, mut res) = res.into_parts();
    let id = RequestId::get(&req);
    log_cause(res.error(), fallback);
    let error = res.error().and_then(|error| error.as_error::<AppError>());
    if let Some(AppError::TooManyRequests { policy, .. }) = error
        && let Some(state) = req.app_data::<Data<AppState>>()
    {
        let throttled = &state.metrics.http.throttled;
        throttled.get_or_create(&[("limit", *policy)]).inc();
    }
    let page = AppState::public_url(&req).at(problem::PAGE);
    let (code, problem) = match error {
        Some(error) => (error.code(), Problem::of(error, &id, &page)),
        None => (fallback, Problem::of_framework(fallback, &id, &page)),
    };
    let is_grant = req.extensions().contains::<GrantRequest>();
    let problem = if is_grant {
        problem.of_grant(code)
    } else {
        problem
    };
    let body = json(&problem);
    let mut brought = HeaderMap::new();
    problem::add_headers(code, error, &mut brought);
    *res.status_mut() = code.status();
    let headers = res.headers_mut();
    let media_type = HeaderValue::from_static(problem::CONTENT_TYPE);
    headers.insert(header::CONTENT_TYPE, media_type);
    for (name, value) in brought {
        headers.insert(name, value);
    }
    if code == ErrorCode::MethodNotAllowed {
        allow_head(headers);
    }
    ServiceResponse::new(req, res.set_body(BoxBody::new(body)))
}

fn json(problem: &Problem<'_>) -> String {
    // Strings and numbers alone: there is nothing in it that could fail.
    serde_json::to_string(problem).unwrap_or_default()
}

/// The cause of a failure of the server goes to the log, here and nowhere else. Under overload each refusal is
/// counted already; a line for each would only add to the load.
fn log_cause(error: Option<&Error>, fallback: ErrorCode) {
    let Some(error) = error.filter(|_| fallback.status().is_server_error()) else {
        return;
    };
    let ours = error.as_error::<AppError>();
    let level = match ours.and_then(AppError::unavailable_reason) {
        Some(UnavailableReason::QueueFull) => Level::Debug,
        _ => Level::Error,
    };
    let code = ours.map_or(fallback, AppError::code).as_str();
    match ours.and_then(AppError::cause) {
        Some(cause) => log::log!(level, code = code, cause = cause; "failed"),
        None => log::log!(level, code = code, cause = format!("{error:?}").as_str(); "failed"),
    }
}

/// HEAD is answered wherever GET is, so `Allow` (RFC 9110 section 10.2.1) names it too.
fn allow_head(headers: &mut HeaderMap) {
    let allowed = headers.get(header::ALLOW).and_then(|v| v.to_str().ok());
    let Some(allowed) = allowed.filter(|methods| methods.split(", ").any(|m| m == "GET")) else {
        return;
    };
    if let Ok(value) = HeaderValue::from_str(&format!("{allowed}, HEAD")) {
        headers.insert(header::ALLOW, value);
    }
}
