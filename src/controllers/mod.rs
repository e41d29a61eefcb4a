//! HTTP in, HTTP out: each handler extracts, converts, calls a service and converts back. The
//! request and response shapes stand beside their handlers.

pub mod account;
pub mod auth;
pub mod auth_shapes;
pub mod batch;
pub mod batch_shapes;
pub mod cursor;
pub mod docs;
pub mod events;
pub mod extract;
pub mod health;
pub mod labels;
pub mod list_query;
pub mod personal_tokens;
pub mod respond;
pub mod schemas;
pub mod sessions;
pub mod task_shapes;
pub mod tasks;
pub mod trash;
