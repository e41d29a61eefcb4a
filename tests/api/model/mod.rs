//! The service against a model of it: random operations, every answer and every list compared.
//! [`memory`] is the model and [`relations`] its rules, [`requests`] makes requests of [`operations`] and [`values`], [`compare`]
//! sends them, [`answers`] compares the answers, [`lists`] the lists.

mod answers;
pub mod compare;
mod lists;
mod memory;
mod operations;
mod relations;
mod requests;
mod values;
