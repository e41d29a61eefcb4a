//! `task-api doctor`: one look at everything that the service needs. [`run`] goes from check to check,
//! [`finding`] is what one finds and [`report`] what people read; the checks are in [`settings`], [`machine`],
//! [`port`], [`database`] and, for one engine each, [`sqlite`] and [`postgres`].

pub mod database;
pub mod finding;
pub mod machine;
pub mod port;
pub mod postgres;
pub mod report;
pub mod run;
pub mod settings;
pub mod sqlite;

pub use run::Doctor;
