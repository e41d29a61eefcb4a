//! The operators' annex: nothing in it is needed to understand the service.
//!
//! [`cli`] reads the command line and tells how it went; [`healthcheck`] asks a running service, [`user`] is what operators do to accounts, [`migrate`] to the tables, on the database itself
//! ([`database`]); [`backup`], [`verify`] and [`restore`] are about SQLite files ([`sqlite`], [`checksum`]) and say what
//! PostgreSQL has instead; [`copy`] goes from the one to the other; [`doctor`] looks at all that the service needs;
//! [`openapi`], [`completions`] and [`man`] print what this binary knows by itself. [`prompt`] asks for what may not be
//! typed as an argument, [`output`] writes.

pub mod backup;
pub mod checksum;
pub mod cli;
pub mod completions;
pub mod copy;
pub mod database;
pub mod doctor;
pub mod healthcheck;
pub mod man;
pub mod migrate;
pub mod openapi;
pub mod output;
pub mod prompt;
pub mod restore;
pub mod sqlite;
pub mod user;
pub mod verify;

pub use cli::Cli;
