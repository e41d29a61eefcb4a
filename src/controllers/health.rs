//! `/health`: for load balancers, containers and operators.

use std::sync::atomic::Ordering;

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;
use schemars::JsonSchema;
use serde::Serialize;

use super::respond::{Resource, Success};
use crate::{error::AppError, services::health, state::AppState};

/// A good state of health.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("example" = { "status": "ok" }))]
pub struct Health {
    #[schemars(extend("enum" = ["ok"]))]
    status: &'static str,
}

impl Resource for Health {}

/// Is the process alive
///
/// 200 while the process runs; it asks nothing else.
#[api_v2_operation(operation_id = "getLiveness", tags("health"))]
pub async fn live() -> Result<Success<Health>, AppError> {
    Ok(Success(Health { status: "ok" }))
}

/// Can it serve requests
///
/// 200 while the database answers and its migrations are current, else 503; also 503 as soon as the
/// service is stopping.
#[api_v2_operation(operation_id = "getReadiness", tags("health"))]
pub async fn ready(state: Data<AppState>) -> Result<Success<Health>, AppError> {
    if state.draining.load(Ordering::Relaxed) {
        return Err(AppError::NotReady("the service is stopping".to_owned()));
    }
    state.db.check()?;
    let pending = state.db.probe(health::pending_migrations).await?;
    if pending.is_empty() {
        Ok(Success(Health { status: "ok" }))
    } else {
        let pending = pending.join(", ");
        Err(AppError::NotReady(format!(
            "migrations are pending: {pending}"
        )))
    }
}
