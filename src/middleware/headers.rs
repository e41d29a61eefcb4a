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
    let cache = match req.path().starts_with("/auth/") {
        true => "no-store",
        false => "private, no-cache",
    };
    let mut res = next.call(req).await?;
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
