//! All rows of an SQLite database, carried into a PostgreSQL one: [`rows`] are the tables, [`target`] is what
//! the PostgreSQL database is asked before and told after.

pub mod rows;
pub mod target;
