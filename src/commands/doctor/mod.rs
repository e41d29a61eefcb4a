//! `task-api doctor`: checks of all that the service needs. [`run`] makes them and prints the results, each of which
//! is a [`check::CheckResult`]; the checks are in [`settings`], [`machine`], [`port`], [`database`] and, for one engine
//! each, [`sqlite`] and [`postgres`].

pub mod check;
pub mod database;
pub mod machine;
pub mod port;
pub mod postgres;
pub mod run;
pub mod settings;
pub mod sqlite;

pub use run::Doctor;
