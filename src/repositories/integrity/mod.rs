//! Whether a database holds what the service would have written: [`rules`] of single rows, [`tasks`] read one
//! by one, [`search`] for SQLite's inverted index, [`engine`] for what the engines know themselves. All of it
//! only reads.

pub mod engine;
pub mod rules;
pub mod search;
pub mod tasks;
