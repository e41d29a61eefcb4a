//! Turning clients away, in words.

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::ConnectionType,
    middleware::Next,
    web::Data,
};

use crate::{
    error::{AppError, Outage},
    gate::Visit,
    state::AppState,
};

/// The one path that is answered as long as the process runs.
const LIVENESS: &str = "/health/live";

/// Refuses requests on connections past the limit. Those, and all while the service is about to stop, are
/// told to connect anew (RFC 9112 section 9.6).
pub async fn admit<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = req.app_data::<Data<AppState>>().cloned();
    let is_over = req.conn_data::<Visit>().is_some_and(Visit::is_over);
    let mut res = match is_over && req.path().trim_end_matches('/') != LIVENESS {
        true => {
            if let Some(state) = &state {
                state.metrics.http.connection_refused();
            }
            let cause = "too many connections are open";
            req.error_response(AppError::unavailable(Outage::QueueFull, cause))
        }
        false => next.call(req).await?.map_into_boxed_body(),
    };
    // Asked after the work: the stop may have begun meanwhile.
    if is_over || state.is_some_and(|state| state.gate.is_draining()) {
        let head = res.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(res)
}
