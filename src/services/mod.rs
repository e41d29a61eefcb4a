//! What the product does: rules, authorisation, transactions. Services are synchronous, take a
//! connection and plain values, and know no HTTP.

pub mod accounts;
pub mod batch;
pub mod events;
pub mod health;
pub mod idempotency;
pub mod identities;
pub mod integrity;
pub mod labels;
pub mod maintenance;
pub mod operators;
pub mod passwords;
pub mod personal_tokens;
pub mod refusal;
pub mod secrets;
pub mod sessions;
pub mod tasks;
pub mod throttle;
pub mod tokens;
pub mod transfer;
pub mod trash;
