//! The database: one connection type over both engines, fair access to it, embedded migrations.

pub mod blueprint;
pub mod connection;
pub mod diagnosis;
pub mod file;
pub mod files;
pub mod inspect;
pub mod lane;
pub mod listener;
pub mod manager;
pub mod migrations;
pub mod pool;
pub mod renewal;
pub mod slow;
pub mod sqlite_file;
pub mod writer;

pub use connection::DbConn;
pub use pool::Db;
