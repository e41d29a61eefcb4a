//! Strict input: from a request to checked values. Every extractor refuses what it does not know,
//! and names each fault at once (422 with `errors`).
//!
//! A request is declared once ([`request`]): from the declaration come its reader ([`fields::FromFields`]), whether the
//! values stand in a JSON object ([`json`]), a form ([`form`]) or the query ([`query`]), and its schema. The types of
//! its members ([`values`]) bring their own bounds.

pub mod body;
pub mod conditions;
pub mod current_user;
pub mod fields;
pub mod form;
pub mod head;
pub mod idempotency_key;
pub mod json;
pub mod media_type;
pub mod path;
pub mod query;
pub mod request;
pub mod unread;
pub mod urlencoded;
pub mod values;

pub(crate) use head::from_head;
