//! The request id, and one line in the log for each request.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage, HttpRequest,
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

use super::client_address::client_address;
use crate::{
    error::request_id::RequestId,
    models::{client::ClientAddress, identity::Identity},
    state::AppState,
    telemetry::{
        http::{Counted, RequestLabels},
        trace::{Trace, TraceParent},
    },
};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// W3C Trace Context, section 3.2.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The methods that are counted by their names.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"];

/// The path of the route that answers a request, as the table of routes has it.
#[derive(Clone, Copy)]
pub struct RoutePath(pub &'static str);

/// The client's own where it matches `[A-Za-z0-9._-]{1,64}`, else a new UUIDv7.
fn request_id(headers: &HeaderMap) -> RequestId {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let own = headers
        .get(X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(allowed));
    RequestId(own.map_or_else(|| Uuid::now_v7().to_string().into(), Arc::from))
}

/// Gives the request its id, and logs and counts it after its response.
pub async fn observe<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    let id = request_id(req.headers());
    let trace = Trace {
        request_id: id.0.clone(),
        parent: trace_parent(req.headers()).map(Arc::new),
    };
    trace.scope(observed(started, id, req, next)).await
}

async fn observed<B: MessageBody>(
    started: Instant,
    id: RequestId,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let state = req.app_data::<Data<AppState>>().cloned();
    let metrics = state.as_ref().map(|state| &state.metrics.http);
    let _in_flight = metrics.map(|metrics| Counted::new(&metrics.in_flight));
    let method = req.method().clone();
    req.extensions_mut().insert(id.clone());
    if let Some(address) = address(&req) {
        req.extensions_mut().insert(address);
    }
    let mut res = next.call(req).await?;
    let took = started.elapsed();
    let route = route(res.request());
    log_line(&method, route.as_deref(), took, &res);
    if let Some(metrics) = metrics {
        let known = METHODS.iter().find(|known| method == **known);
        let labels = RequestLabels {
            // Anyone can invent a method, and each would be counted for itself.
            method: known.unwrap_or(&"other"),
            route: route.unwrap_or("none".into()),
            status: res.status().as_u16(),
        };
        let request = metrics.requests.get_or_create(&labels);
        request.observe(took.as_secs_f64());
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        res.headers_mut().insert(X_REQUEST_ID, value);
    }
    Ok(res)
}

/// The trace that the request is part of, if the client names one.
fn trace_parent(headers: &HeaderMap) -> Option<TraceParent> {
    let mut lines = headers.get_all(TRACEPARENT);
    match (lines.next(), lines.next()) {
        (Some(line), None) => TraceParent::read(line.to_str().ok()?),
        _ => None,
    }
}

/// The client's address; `None` only for a request that came over no network.
fn address(req: &ServiceRequest) -> Option<ClientAddress> {
    let trusted = req
        .app_data::<Data<AppState>>()
        .map_or(&[][..], |state| &state.server.trusted_proxies);
    let peer = req.peer_addr()?.ip();
    Some(ClientAddress(client_address(peer, req.headers(), trusted)))
}

/// The route is logged by its pattern: a raw path may hold what a client typed by mistake.
fn log_line<B: MessageBody>(
    method: &Method,
    route: Option<&str>,
    took: Duration,
    res: &ServiceResponse<B>,
) {
    let req = res.request();
    let bytes = match res.response().body().size() {
        BodySize::Sized(bytes) if *method != Method::HEAD => bytes,
        _ => 0,
    };
    let extensions = req.extensions();
    let identity = extensions.get::<Arc<Identity>>();
    let user = identity.map(|identity| identity.user.id.to_string());
    let client = extensions.get::<ClientAddress>();
    let client = client.map(|address| address.0.to_string());
    log::info!(
        target: "task_api::access",
        method = method.as_str(),
        route = route.unwrap_or("-"),
        status = res.status().as_u16(),
        duration_ms = took.as_secs_f64() * 1000.0,
        bytes = bytes,
        user_id = user.as_deref().unwrap_or("-"),
        client = client.as_deref().unwrap_or("-");
        "request"
    );
}

/// The path of the route: its handler's resource left it with the request. A request that got to none is looked up.
fn route(req: &HttpRequest) -> Option<Cow<'static, str>> {
    let known = req.extensions().get::<RoutePath>().copied();
    let known = known.map(|path| Cow::Borrowed(path.0));
    known.or_else(|| req.match_pattern().map(Cow::Owned))
}
