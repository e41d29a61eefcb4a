//! Rows of the database and the domain's types.
//!
//! A domain type can only be made from a checked value (`FromStr`), so whatever holds one need not
//! check again. Rows never derive `Serialize`: what clients see is shaped in the controllers.

pub mod batch;
pub mod client;
pub mod email;
pub mod event;
pub mod filter;
pub mod idempotency;
pub mod identity;
pub mod integrity;
pub mod label;
pub mod opaque_token;
pub mod password;
pub mod personal_token;
pub mod precondition;
pub mod priority;
pub mod scope;
pub mod search;
pub mod session;
pub mod sort;
pub mod status;
pub mod task;
pub mod text;
pub mod throttle;
pub mod time;
pub mod user;
pub mod violation;
pub mod words;
