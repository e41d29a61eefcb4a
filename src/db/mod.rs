//! The database: one [`connection`] type over both engines, and the one way to it for requests ([`pool`]): a
//! [`fair_pool`] of connections that a [`manager`] opens ([`postgres_session`]), on SQLite one [`writer`]; [`slow`]
//! logs slow statements. The [`migrations`] are embedded. For operators, [`query`] asks for a text or a
//! number and [`tables`] lists all tables; [`sqlite_file`], [`wal_file`], [`files`] and [`file_identity`]
//! are about files.

pub mod cancellations;
pub mod connection;
pub mod fair_pool;
pub mod file_identity;
pub mod files;
pub mod manager;
pub mod migrations;
pub mod pool;
pub mod postgres_session;
pub mod query;
pub mod slow;
pub mod sqlite_file;
pub mod tables;
pub mod wal_file;
pub mod writer;

pub use connection::{DbConn, Work};
pub use pool::Db;
