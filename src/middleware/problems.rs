//! Every failure leaves as problem details (RFC 9457), whoever raised it.

use actix_web::{
    Error, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderValue},
    },
    middleware::Next,
};
use serde_json::Value;

use super::observe::RequestId;
use crate::error::{AppError, code::ErrorCode, problem};

/// Writes the body of every response from 400 up, under the request's id. What our code refused
/// carries its [`AppError`]; the rest comes from the framework (no route, no such method, a
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
    let (code, body) = describe(&req, res.error(), fallback);
    *res.status_mut() = code.status();
    let headers = res.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(problem::CONTENT_TYPE),
    );
    problem::add_headers(code, headers);
    if code.status() == StatusCode::METHOD_NOT_ALLOWED {
        allow_head(headers);
    }
    ServiceResponse::new(req, res.set_body(BoxBody::new(body.to_string())))
}

/// The code and the body for `error`. The cause of a failure of ours goes to the log, here and
/// nowhere else.
fn describe(req: &HttpRequest, error: Option<&Error>, fallback: ErrorCode) -> (ErrorCode, Value) {
    let id = RequestId::get(req);
    match error.and_then(|error| error.as_error::<AppError>()) {
        Some(error) => {
            if let Some(cause) = error.cause() {
                log::error!(
                    "request_id={id} code={} cause={cause:?}",
                    error.code().as_str()
                );
            }
            (error.code(), problem::body(error, &id))
        }
        None => {
            if let (true, Some(error)) = (fallback.status().is_server_error(), error) {
                log::error!("request_id={id} code={} cause={error:?}", fallback.as_str());
            }
            (fallback, problem::framework_body(fallback, &id))
        }
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
