//! The shapes of bodies: bounds, `null`s, defaults and examples.

pub mod accounts;
pub mod all;
pub mod batch;
pub mod labels;
pub mod problems;
pub mod sessions;
pub mod tasks;
pub mod text;

pub use all::complete;
