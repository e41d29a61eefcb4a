//! What the product does: rules, authorisation, transactions. A service knows no HTTP. It is one transaction,
//! synchronous on a connection, or a use case of several steps, asynchronous on the handles that it needs.

pub mod accounts;
pub mod auth;
pub mod batch;
pub mod computed;
pub mod epoch;
pub mod events;
pub mod health;
pub mod idempotency;
pub mod identities;
pub mod identity_cache;
pub mod integrity;
pub mod labels;
pub mod login;
pub mod maintenance;
pub mod operators;
pub mod passwords;
pub mod personal_tokens;
pub mod project_trash;
pub mod projects;
pub mod refusal;
pub mod secrets;
pub mod sessions;
pub mod steps;
pub mod tasks;
pub mod throttle;
pub mod token_uses;
pub mod tokens;
pub mod transfer;
pub mod trash;
pub mod work;
