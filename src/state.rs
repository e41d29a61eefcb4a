//! What handlers share. Built once, by `startup`.

use std::time::Duration;

use actix_web::{rt, web::Bytes};

use crate::{
    config::{Settings, settings::ServerSettings},
    db::{Db, DbConn},
    error::AppError,
    gate::Gate,
    hash_pool::HashPool,
    identities::Identities,
    models::{
        idempotency::{KeyedRequest, StoredAnswer},
        identity::Actor,
        throttle::Policy,
        time::UtcTime,
    },
    services::{
        idempotency::{self, Reply},
        sessions::{self, SessionLife},
        throttle::Limits,
        tokens::TokenKeys,
    },
    telemetry::metrics::Metrics,
};

/// Every part of the service that a handler may need.
pub struct AppState {
    pub db: Db,
    pub hashes: HashPool,
    pub gate: Gate,
    pub metrics: Metrics,
    pub tokens: TokenKeys,
    pub server: ServerSettings,
    pub bcrypt_cost: u32,
    pub identities: Identities,
    pub session_life: SessionLife,
    pub limits: Limits,
    /// How long an answer is kept under its idempotency key; `None`: until the next purge.
    pub idempotency: Option<Duration>,
}

/// The served OpenAPI document, as JSON.
#[derive(Clone)]
pub struct OpenApiDocument(pub Bytes);

impl AppState {
    /// `None` where the settings hold no secret to sign tokens with.
    pub fn new(settings: &Settings) -> Option<Self> {
        let auth = &settings.auth;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let db = Db::new(&settings.database);
        let hashes = HashPool::new(cores, auth.hash_queue);
        let gate = Gate::new(settings.server.connections);
        let limits = Policy::ALL.map(Policy::name);
        let engine = settings.database.url.engine.as_str();
        let metrics = Metrics::new(engine, &limits, |registry| {
            db.register(registry);
            hashes.register(registry);
            gate.register(registry);
        });
        Some(Self {
            db,
            hashes,
            gate,
            metrics,
            tokens: TokenKeys::new(&auth.jwt_secrets, auth.access_token)?,
            server: settings.server.clone(),
            bcrypt_cost: auth.bcrypt_cost,
            identities: Identities::new(auth.identity_cache, &settings.database),
            session_life: SessionLife {
                idle: auth.refresh_idle,
                max: auth.refresh_max,
            },
            limits: Limits {
                per_account: auth.failures_per_account,
                per_address: auth.failures_per_address,
                window: auth.failure_window,
                registrations: auth.registrations_per_hour,
            },
            idempotency: Some(settings.tasks.idempotency).filter(|kept| !kept.is_zero()),
        })
    }

    /// Runs `work`, which may end tokens of the user: once it is done, this process knows nothing of
    /// them any more.
    pub async fn change_account<T, F>(&self, user_id: i64, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    {
        let (db, identities) = (self.db.clone(), self.identities.clone());
        let change = async move {
            let outcome = db.write(work).await;
            // Also after a failure: a write that took too long may come about all the same.
            identities.forget(user_id);
            outcome
        };
        // To its end, also for a caller that hangs up meanwhile.
        rt::spawn(change).await.map_err(AppError::internal)?
    }

    /// Runs `work`, which changes the account of `actor`: see [`sessions::act`] and
    /// [`AppState::change_account`].
    pub async fn change_own_account<T, F>(&self, actor: Actor, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    {
        let change = move |conn: &mut DbConn| sessions::act(conn, actor, work);
        self.change_account(actor.user_id, change).await
    }

    /// Runs `work`, which may write, and where the request has a key keeps its answer: see
    /// [`idempotency::once`].
    pub async fn write_once<F>(
        &self,
        user_id: i64,
        request: Option<KeyedRequest>,
        work: F,
    ) -> Result<Reply, AppError>
    where
        F: FnOnce(&mut DbConn) -> Result<StoredAnswer, AppError> + Send + 'static,
    {
        let kept = self.idempotency;
        let once = move |conn: &mut DbConn| {
            let now = UtcTime::now();
            let expired = kept.map(|kept| now.minus(kept));
            idempotency::once(conn, user_id, request.as_ref(), now, expired, work)
        };
        self.db.write(once).await
    }
}
