//! What HTTP asks of every route: response headers, HEAD, and one path for a resource.

use std::sync::atomic::Ordering;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, Method, Uri,
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
/// A path with one slash at its end is routed as the path without it.
pub async fn headers<B: MessageBody>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if req.method() == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    if let Some(uri) = without_slash(req.uri()) {
        req.match_info_mut().get_mut().update(&uri);
        req.head_mut().uri = uri;
        // A page's own links depend on it.
        req.extensions_mut().insert(TrailingSlash);
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

/// The same address without the slash at the end of its path; `None` where there is none, or more than one.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/')?;
    if path.is_empty() || path.ends_with('/') {
        return None;
    }
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// A path with an escape is looked at as its route: `/%61uth/login` is `/auth/login` too.
fn is_about_credentials<B>(res: &ServiceResponse<B>) -> bool {
    let below = |path: &str| path.starts_with("/auth/");
    let req = res.request();
    let is_escaped = || req.path().contains('%');
    below(req.path()) || (is_escaped() && req.match_pattern().as_deref().is_some_and(below))
}
