//! The command line: [`cli`] reads it and tells how it went, [`healthcheck`] asks a running service,
//! [`user`] is what operators do to accounts, on the database itself ([`database`]); [`prompt`] asks for
//! what may not be typed as an argument, [`output`] writes.

pub mod cli;
pub mod database;
pub mod healthcheck;
pub mod output;
pub mod prompt;
pub mod user;

pub use cli::Cli;
