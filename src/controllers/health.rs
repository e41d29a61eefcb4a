//! `/health`: for load balancers, containers and operators.

use std::sync::atomic::Ordering;

use actix_web::web::{Data, Json};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use super::extract::nothing::{NoBody, NoQuery};
use crate::{error::AppError, services::health, state::AppState};

/// A good state of health; a bad one is a problem.
#[derive(Serialize, Apiv2Schema)]
pub struct Health {
    status: &'static str,
}

/// Is the process alive
///
/// 200 while the process runs; it asks nothing else.
#[api_v2_operation(operation_id = "getLiveness", tags("health"))]
pub async fn live(_: NoQuery, _: NoBody) -> Result<Json<Health>, AppError> {
    Ok(Json(Health { status: "ok" }))
}

/// Can it serve requests
///
/// 200 while the database answers and its migrations are current, else 503; also 503 from the moment on
/// at which the service is told to stop.
#[api_v2_operation(operation_id = "getReadiness", tags("health"))]
pub async fn ready(state: Data<AppState>, _: NoQuery, _: NoBody) -> Result<Json<Health>, AppError> {
    if state.draining.load(Ordering::Relaxed) {
        return Err(AppError::NotReady("the service is stopping".to_owned()));
    }
    state.db.check()?;
    let pending = state.db.probe(health::pending_migrations).await?;
    match pending.is_empty() {
        true => Ok(Json(Health { status: "ok" })),
        false => Err(AppError::NotReady(format!(
            "migrations are pending: {}",
            pending.join(", ")
        ))),
    }
}
