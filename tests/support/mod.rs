//! What the test binaries share: [`database::TestDatabase`] is a database for one test, [`runner`]
//! runs each case on each engine.

pub mod database;
pub mod runner;
