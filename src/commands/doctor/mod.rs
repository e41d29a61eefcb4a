//! `task-api doctor`: checks of what the service needs. Each result is a [`check::CheckResult`]; [`run`] makes and
//! prints them, and they are in [`settings`], [`files`] and [`wal`] (of SQLite), [`database`] and [`postgres`].

pub mod check;
pub mod database;
pub mod files;
pub mod postgres;
pub mod run;
pub mod settings;
pub mod wal;

pub use run::Doctor;
