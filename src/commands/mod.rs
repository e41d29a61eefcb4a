//! The operators' annex: nothing in it is needed to understand the service.
//!
//! [`cli`] reads the command line and sets the exit status; [`healthcheck`] asks a running service, [`user`] changes
//! accounts and [`migrate`] tables; [`backup`], [`verify`] and [`restore`] are about SQLite files and name the
//! programs that PostgreSQL has instead; [`renew_epoch`] is for a database that these have set back; [`copy`] goes from
//! SQLite to PostgreSQL; [`doctor`] checks all that the service needs; [`generate`] makes completions and manual from
//! the command line itself. [`database`] opens databases, [`prompt`] asks for secrets and confirmations, [`output`]
//! writes.

pub mod backup;
pub mod cli;
pub mod copy;
pub mod database;
pub mod doctor;
pub mod generate;
pub mod healthcheck;
pub mod migrate;
pub mod output;
pub mod prompt;
pub mod renew_epoch;
pub mod restore;
pub mod user;
pub mod verify;

pub use cli::Cli;
