//! From what paperclip collects to the served OpenAPI document.
//!
//! paperclip knows the operations, parameters, bodies and security; its conversion to OpenAPI 3.0
//! drops bounds, `null`s and `additionalProperties`, and has no headers, examples or problems. Those are
//! added here, in JSON, from the constants that the checks themselves use: [`schemas`] completes
//! the shapes, [`responses`] writes the failures and headers, [`operations`] joins them.

pub mod document;
pub mod json;
pub mod operations;
pub mod responses;
pub mod schemas;

pub use document::complete;
