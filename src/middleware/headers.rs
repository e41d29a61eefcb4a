//! Response headers that hold everywhere.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
};

/// Adds the security headers, and a `Cache-Control` where the handler set none: what stands under
/// `/auth/` is never stored, all else is kept by the client alone and checked before reuse.
pub async fn headers<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut res = next.call(req).await?;
    let cache = match is_about_credentials(&res) {
        true => "no-store",
        false => "private, no-cache",
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

/// By the route, and not only by the path as it was written: `/%61uth/login` is `/auth/login` too.
fn is_about_credentials<B>(res: &ServiceResponse<B>) -> bool {
    let below = |path: &str| path.starts_with("/auth/");
    let req = res.request();
    below(req.path()) || req.match_pattern().as_deref().is_some_and(below)
}
