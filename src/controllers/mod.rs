//! HTTP in, HTTP out: each handler extracts, converts, calls a service and converts back. The
//! request and response shapes stand beside their handlers.

pub mod auth;
pub mod cursor;
pub mod docs;
pub mod extract;
pub mod health;
pub mod respond;
pub mod schemas;
pub mod tasks;
