//! HTTP in, HTTP out: each handler extracts, converts, calls a service and converts back. The
//! request and response shapes stand beside their handlers.

pub mod auth;
pub mod batch;
pub mod batch_shapes;
pub mod cursor;
pub mod docs;
pub mod extract;
pub mod health;
pub mod labels;
pub mod list_query;
pub mod respond;
pub mod schemas;
pub mod task_shapes;
pub mod tasks;
pub mod trash;
