//! Rows of the database and the domain's types.
//!
//! A domain type can only be made from a checked value (`FromStr`), so that no holder of one checks
//! again. The parsers call `validator` for lengths and patterns. Rows never derive `Serialize`: what clients see is shaped in the controllers.

pub mod batch;
pub mod blockers;
pub mod client;
pub mod computed;
pub mod deletion;
pub mod email;
pub mod epoch;
pub mod event;
pub mod filter;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod integrity;
pub mod label;
pub mod opaque_token;
pub mod order_key;
pub mod password;
pub mod permission;
pub mod personal_token;
pub mod placement;
pub mod precondition;
pub mod priority;
pub mod project;
pub mod restoration;
pub mod scope;
pub mod search;
pub mod session;
pub mod shared_change;
pub mod sort;
pub mod status;
pub mod task;
pub mod task_ref;
pub mod text;
pub mod throttle;
pub mod time;
pub mod time_text;
pub mod tree;
pub mod user;
pub mod value;
pub mod violation;
pub mod words;
