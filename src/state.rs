//! The state that handlers share, built by `startup`: plain data.

use std::{
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Duration,
};

use actix_web::{HttpRequest, web::Data};
use strum::VariantNames;

use crate::{
    config::{
        Settings,
        settings::{PublicUrl, ServerSettings},
    },
    content::Contents,
    db::Db,
    hash_pool::HashPool,
    models::throttle::Policy,
    services::{
        auth::Auth, idempotency::IdempotentWrites, identities::Identities, sessions::SessionLife,
        throttle::Limits, tokens::TokenKeys,
    },
    telemetry::metrics::Metrics,
};

/// The parts of the service that handlers need.
pub struct AppState {
    pub db: Db,
    pub auth: Auth,
    pub metrics: Metrics,
    pub server: ServerSettings,
    /// The service is about to stop: it is not ready, and closes each connection after an answer.
    pub draining: AtomicBool,
    pub idempotency: IdempotentWrites,
    /// How long deleted tasks stay in the trash.
    pub trash: Duration,
    /// The OpenAPI document, as JSON. It is collected from the routes when these are registered.
    pub document: OnceLock<String>,
    /// Pages, their files and the OpenAPI document, as they are sent.
    pub contents: Contents,
}

/// An extension of a request: its path ended with a slash, which was removed.
pub struct TrailingSlash;

impl AppState {
    /// What makes the addresses in the answer to `req`.
    pub fn public_url(req: &HttpRequest) -> &PublicUrl {
        let state = req.app_data::<Data<Self>>();
        state.map_or(PublicUrl::NONE, |state| &state.server.public_url)
    }

    /// `None` where the settings hold no secret to sign tokens with.
    pub fn new(settings: &Settings) -> Option<Self> {
        let auth = &settings.auth;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let db = Db::new(&settings.database);
        let hashes = HashPool::new(cores, auth.hash_queue);
        let engine = settings.database.url.engine.into();
        let metrics = Metrics::new(engine, Policy::VARIANTS, |registry| {
            db.register(registry);
            hashes.register(registry);
        });
        Some(Self {
            auth: Auth {
                identities: Identities::new(db.clone()),
                db: db.clone(),
                hashes,
                tokens: Arc::new(TokenKeys::new(&auth.jwt_secrets, auth.access_token)?),
                limits: Limits {
                    per_account: auth.failures_per_account,
                    per_address: auth.failures_per_address,
                    window: auth.failure_window,
                    registrations: auth.registrations_per_hour,
                },
                session_life: SessionLife {
                    idle: auth.refresh_idle,
                    max: auth.refresh_max,
                },
                bcrypt_cost: auth.bcrypt_cost,
            },
            idempotency: IdempotentWrites {
                db: db.clone(),
                kept: Some(settings.tasks.idempotency).filter(|kept| !kept.is_zero()),
            },
            db,
            metrics,
            trash: settings.tasks.trash,
            server: settings.server.clone(),
            draining: AtomicBool::new(false),
            document: OnceLock::new(),
            contents: Contents::default(),
        })
    }
}
