//! The pages for people, in a real browser.

pub mod chrome;
pub mod pages;
pub mod swagger_ui;
