//! One page of a user's tasks, whatever the filters and the order, in one statement.
//!
//! A page is the merge of ranges: [`ranges`] cuts what follows a place in an order into ranges, each
//! of which an index holds in that order; [`access`] says which index, and [`page`] writes the
//! statement, which reads no more than a page from any of them.

mod clauses;
pub mod full_text;
pub mod page;
mod postgres;
mod ranges;
mod scan;
mod sqlite;
mod statement;
mod writer;
