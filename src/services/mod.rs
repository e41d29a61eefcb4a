//! What the product does: rules, authorisation, transactions. Services are synchronous, take a
//! connection and plain values, and know no HTTP.

pub mod accounts;
pub mod health;
pub mod passwords;
pub mod tasks;
pub mod tokens;
