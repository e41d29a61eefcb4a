//! What HTTP asks of every route: response headers, and HEAD.

use std::sync::atomic::Ordering;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, Method,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};

use crate::state::{AppState, TrailingSlash};

/// Adds the security headers, and a `Cache-Control` where the handler set none: responses under
/// `/auth/` are never stored, all others are kept by the client alone and checked before reuse. While the service
/// is about to stop, clients are to connect anew (RFC 9112 section 9.6).
///
/// HEAD is routed as GET (RFC 9110 section 9.3.2): the HTTP encoder remembers that HEAD was asked and sends no content.
pub async fn headers<B: MessageBody>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    // Gone when the request is routed; a page's own links depend on it.
    if req.path().ends_with('/') {
        req.extensions_mut().insert(TrailingSlash);
    }
    if req.method() == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    let state = req.app_data::<Data<AppState>>().cloned();
    let mut res = next.call(req).await?;
    // Asked after the work: the stop may have begun meanwhile.
    if state.is_some_and(|state| state.draining.load(Ordering::Relaxed)) {
        let head = res.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    let cache = if is_about_credentials(&res) {
        "no-store"
    } else {
        "private, no-cache"
    };
    let headers = res.headers_mut();
    let mut fixed = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    fixed(header::REFERRER_POLICY, "no-referrer");
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    }
    Ok(res)
}

/// A path with an escape is looked at as its route: `/%61uth/login` is `/auth/login` too.
fn is_about_credentials<B>(res: &ServiceResponse<B>) -> bool {
    let below = |path: &str| path.starts_with("/auth/");
    let req = res.request();
    let is_escaped = || req.path().contains('%');
    below(req.path()) || (is_escaped() && req.match_pattern().as_deref().is_some_and(below))
}
