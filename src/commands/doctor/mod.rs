//! `task-api doctor`: checks of what the service needs. [`run`] makes them and prints the results, each of which is a
//! [`check::CheckResult`]; the checks are in [`settings`], [`files`] (of SQLite), [`database`] and [`postgres`].

pub mod check;
pub mod database;
pub mod files;
pub mod postgres;
pub mod run;
pub mod settings;

pub use run::Doctor;
