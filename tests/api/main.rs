//! The service as its users meet it: over HTTP, once on each engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod auth_login;
mod support;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::runner::run(&[auth_login::CASES])
}
