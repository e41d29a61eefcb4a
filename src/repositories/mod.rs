//! What the database does: plain functions on a connection, which know no rules. Every statement
//! on a table that users own names the owner, but for those of the background job ([`maintenance`]) and of
//! operators, which are about all owners ([`integrity`], [`transfer`]).

pub mod account_rows;
pub mod advisory_lock;
pub mod computed;
pub mod epochs;
pub mod events;
pub mod idempotency;
pub mod integrity;
pub mod labels;
pub mod list;
pub mod maintenance;
pub mod personal_tokens;
pub mod project_tasks;
pub mod projects;
pub mod query;
pub mod refresh_tokens;
pub mod sessions;
pub mod tasks;
pub mod throttles;
pub mod transfer;
pub mod users;
