//! The command line: [`cli`] reads it and tells how it went, [`help`] is its first page; [`healthcheck`] asks a
//! running service, [`user`] is what operators do to accounts, [`migrate`] to the tables, on the database itself
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
pub mod help;
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
