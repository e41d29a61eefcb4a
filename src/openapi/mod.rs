//! From what paperclip collects to the served OpenAPI document.
//!
//! paperclip knows the operations, parameters, bodies and security; its conversion to OpenAPI 3.0
//! drops bounds, `null`s and `additionalProperties`, and has no headers, examples or problems. Those are
//! added here, in JSON, from the constants that the checks themselves use: [`schemas`] completes
//! the shapes, [`parameters`] the parameters, [`responses`] and [`headers`] write the failures and
//! headers, [`operations`] joins them by the [`facts`] of each operation; [`served`] does all of it without a
//! service.

pub mod document;
pub mod examples;
pub mod facts;
pub mod headers;
pub mod json;
pub mod operations;
pub mod parameters;
pub mod responses;
pub mod schemas;
pub mod served;

pub use document::complete;
pub use served::json;
