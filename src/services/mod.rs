//! What the product does: rules, authorisation, transactions. Services are synchronous, take a
//! connection and plain values, and know no HTTP.

pub mod accounts;
pub mod batch;
pub mod health;
pub mod idempotency;
pub mod labels;
pub mod maintenance;
pub mod passwords;
pub mod refusal;
pub mod tasks;
pub mod tokens;
pub mod trash;
