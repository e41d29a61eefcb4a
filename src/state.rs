//! What handlers share. Built once, by `startup`.

use actix_web::web::Bytes;

use crate::{
    config::{Settings, settings::ServerSettings},
    db::Db,
    hash_pool::HashPool,
    services::tokens::TokenKeys,
};

/// Every part of the service that a handler may need.
pub struct AppState {
    pub db: Db,
    pub hashes: HashPool,
    pub tokens: TokenKeys,
    pub server: ServerSettings,
    pub bcrypt_cost: u32,
}

/// The served OpenAPI document, as JSON.
#[derive(Clone)]
pub struct OpenApiDocument(pub Bytes);

impl AppState {
    /// `None` where the settings hold no secret to sign tokens with.
    pub fn new(settings: &Settings) -> Option<Self> {
        let auth = &settings.auth;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Some(Self {
            db: Db::new(&settings.database),
            hashes: HashPool::new(cores, auth.hash_queue),
            tokens: TokenKeys::new(&auth.jwt_secrets, auth.access_token)?,
            server: settings.server.clone(),
            bcrypt_cost: auth.bcrypt_cost,
        })
    }
}
