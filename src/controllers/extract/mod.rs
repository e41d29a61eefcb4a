//! Strict input: from a request to checked values. Every extractor refuses what it does not know,
//! and names each wrong place at once (422 with `errors`).
//!
//! A shape says how it is read from named values ([`fields::FromFields`]), whether they come from a
//! JSON object ([`json`]), a form ([`form`]) or the query ([`query`]).

pub mod body;
pub mod conditions;
pub mod current_user;
pub mod fields;
pub mod form;
pub mod json;
pub mod nothing;
pub mod once;
pub mod origin;
pub mod path;
pub mod query;
pub mod urlencoded;
