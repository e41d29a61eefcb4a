//! A panic in a handler is an answer like any other failure.

use std::panic::AssertUnwindSafe;

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use futures_util::FutureExt;

use crate::error::AppError;

/// Turns a panic into `internal_error`. Without it the connection would just close.
///
/// It stands around each resource: the router needs the only handle on the request, and this
/// keeps a second one to answer with.
pub async fn catch_panics<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let kept = req.request().clone();
    match AssertUnwindSafe(next.call(req)).catch_unwind().await {
        Ok(outcome) => outcome.map(ServiceResponse::map_into_boxed_body),
        Err(panic) => {
            let message = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            let error = AppError::internal(format!("panic: {message}"));
            Ok(ServiceResponse::from_err(error, kept))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, http::StatusCode, middleware::from_fn, test, web};

    use super::*;
    use crate::middleware::problems::problems;

    async fn fails() -> HttpResponse {
        panic!("on purpose")
    }

    #[actix_web::test]
    async fn a_panic_becomes_an_opaque_500_and_the_worker_lives_on() {
        let resource = web::resource("/").wrap(from_fn(catch_panics)).get(fails);
        let app = App::new().wrap(from_fn(problems)).service(resource);
        let app = test::init_service(app).await;
        for _ in 0..3 {
            let req = test::TestRequest::get().uri("/").to_request();
            let res = test::call_service(&app, req).await;
            assert_eq!(res.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let body = test::read_body(res).await;
            let body = std::str::from_utf8(&body).unwrap();
            assert!(body.contains("internal_error") && !body.contains("on purpose"));
        }
    }
}
