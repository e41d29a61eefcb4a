//! The pages for people, in a real browser.

pub mod chrome;
pub mod cors;
pub mod looks;
pub mod pages;
pub mod swagger_ui;
