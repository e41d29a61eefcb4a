//! Rows of the database and the domain's types.
//!
//! A domain type can only be made from a checked value (`FromStr`), so whatever holds one need not
//! check again. Rows never derive `Serialize`: what clients see is shaped in the controllers.

pub mod batch;
pub mod email;
pub mod filter;
pub mod idempotency;
pub mod label;
pub mod password;
pub mod precondition;
pub mod priority;
pub mod search;
pub mod sort;
pub mod status;
pub mod task;
pub mod text;
pub mod time;
pub mod user;
pub mod violation;
pub mod words;
