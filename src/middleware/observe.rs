//! The request id, and one log line for each request.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use uuid::Uuid;

use super::{auth::UserId, client_address::client_address};
use crate::{error::request_id::RequestId, models::client::ClientAddress, state::AppState};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The client's own where it matches `[A-Za-z0-9._-]{1,64}`, else a new UUIDv7.
fn request_id(headers: &HeaderMap) -> RequestId {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let own = headers
        .get(X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(allowed));
    RequestId(own.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
}

/// Gives the request its id and logs it once it is answered.
pub async fn observe<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    let method = req.method().clone();
    let id = request_id(req.headers());
    req.extensions_mut().insert(id.clone());
    if let Some(address) = address(&req) {
        req.extensions_mut().insert(address);
    }
    let mut res = next.call(req).await?;
    log_line(&id, &method, started, &res);
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        res.headers_mut().insert(X_REQUEST_ID, value);
    }
    Ok(res)
}

/// Where the request comes from; `None` only for one that came over no network.
fn address(req: &ServiceRequest) -> Option<ClientAddress> {
    let trusted = req
        .app_data::<Data<AppState>>()
        .map_or(&[][..], |state| &state.server.trusted_proxies);
    let peer = req.peer_addr()?.ip();
    Some(ClientAddress(client_address(peer, req.headers(), trusted)))
}

/// The route is logged by its pattern: a raw path may hold what a client typed by mistake.
fn log_line<B: MessageBody>(
    id: &RequestId,
    method: &Method,
    started: Instant,
    res: &ServiceResponse<B>,
) {
    let req = res.request();
    let user = req.extensions().get::<UserId>().map(|user| user.0);
    let bytes = match res.response().body().size() {
        BodySize::Sized(bytes) if *method != Method::HEAD => bytes,
        _ => 0,
    };
    let client = req
        .extensions()
        .get::<ClientAddress>()
        .map(|address| address.0.to_string());
    log::info!(
        target: "task_api::access",
        "request_id={} method={} route={} status={} duration_ms={:.3} bytes={} user_id={} client={}",
        id.0,
        method,
        req.match_pattern().as_deref().unwrap_or("-"),
        res.status().as_u16(),
        started.elapsed().as_secs_f64() * 1000.0,
        bytes,
        user.map_or_else(|| "-".to_owned(), |user| user.to_string()),
        client.as_deref().unwrap_or("-"),
    );
}
