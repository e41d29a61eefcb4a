//! From what paperclip collects to the served OpenAPI document.
//!
//! paperclip knows the paths and, of each operation, its id, tags and doc comment. The handlers' signatures say the rest
//! ([`Describe`](crate::controllers::describe::Describe)), the types of values their own bounds, and the table of routes
//! what an operation asks of the token and how it fails. Here stands what is about the document as a whole
//! ([`document`]), and how it is all put together: [`operations`], [`headers`], [`problems`], [`shared`].

pub mod document;
pub mod headers;
pub mod operations;
pub mod problems;
pub mod shared;

pub use document::{complete, json};
