//! That every statement of the repositories names the owner for every table that users own: what keeps
//! users apart once more, and what lets a sharded PostgreSQL send a statement to one node.

pub mod binds;
pub mod calls;
pub mod cases;
pub mod checker;
pub mod functions;
pub mod itself;
pub mod list_calls;
pub mod scope;
pub mod tables;
pub mod tape;
