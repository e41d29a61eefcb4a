//! The service against a model of it: random operations, every answer and every list compared.
//! [`memory`] is the model, [`operations`] makes requests, [`compare`] sends them and compares the
//! answers, [`lists`] does so with lists.

pub mod compare;
mod lists;
mod memory;
mod operations;
