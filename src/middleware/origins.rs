//! Which pages may call: the refusals of the Fetch standard's CORS protocol. `actix-cors` answers the origins that may.

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
    web::Data,
};

use crate::{
    config::settings::ServerSettings,
    error::{AppError, app_error::CORS_ORIGINS},
    state::AppState,
};

/// Longest origin that is shown: more than a host name and a port have.
const SHOWN_MAX: usize = 300;

/// Refuses a request of a page whose origin is not configured, so that its developer and the operator read why. A
/// browser alone would say that a header is missing.
pub async fn origins<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = req.app_data::<Data<AppState>>();
    let refused = state.and_then(|state| refused_origin(&req, &state.server));
    if let Some(origin) = refused {
        log::warn!(origin = origin.as_str(), setting = CORS_ORIGINS; "origin refused");
        return Ok(req.error_response(AppError::OriginNotAllowed(origin)));
    }
    Ok(next.call(req).await?.map_into_boxed_body())
}

fn refused_origin(req: &ServiceRequest, settings: &ServerSettings) -> Option<String> {
    let origin = req.headers().get(header::ORIGIN)?;
    let origin = String::from_utf8_lossy(origin.as_bytes());
    if settings.cors_origins.iter().any(|known| *known == origin) {
        return None;
    }
    // Browsers ask before a request to another origin, never before one to their own.
    let is_preflight = req.method() == Method::OPTIONS
        && req
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    // Without any configured origin CORS is off, and clients that are no browsers send what they like.
    let is_checked = !settings.cors_origins.is_empty() && !is_own(&origin, req, settings);
    (is_preflight || is_checked).then(|| origin.chars().take(SHOWN_MAX).collect())
}

/// Whether a page of this service sent the request; browsers name the origin of those too, unless they only read.
/// Behind a proxy that changes `Host`, the public URL or the browser itself tells (Fetch Metadata).
fn is_own(origin: &str, req: &ServiceRequest, settings: &ServerSettings) -> bool {
    let is_host = |host: &str| host.eq_ignore_ascii_case(req.connection_info().host());
    let host = origin.split_once("://").map(|(_, host)| host);
    let site = req.headers().get("sec-fetch-site");
    settings.public_url.has_origin(origin)
        || host.is_some_and(is_host)
        || site.is_some_and(|site| site == "same-origin")
}
