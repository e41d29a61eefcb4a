//! The command line: [`cli`] reads it and tells how it went, [`healthcheck`] asks a running service,
//! [`user`] is what operators do to accounts, on the database itself ([`database`]); [`prompt`] asks for
//! what may not be typed as an argument, [`output`] writes. [`backup`], [`verify`] and [`restore`] are about SQLite
//! files ([`sqlite`], [`checksum`]) and say what PostgreSQL has instead; [`copy`] goes from the one to the other.

pub mod backup;
pub mod checksum;
pub mod cli;
pub mod copy;
pub mod database;
pub mod healthcheck;
pub mod output;
pub mod prompt;
pub mod restore;
pub mod sqlite;
pub mod user;
pub mod verify;

pub use cli::Cli;
