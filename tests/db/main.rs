//! The database beneath the service, once on each engine: migrations, constraints, repositories,
//! connections, the queue before them, and the diesel command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod account_constraints;
mod account_plans;
mod account_races;
mod accounts_purge;
mod catalog;
mod changes;
mod connections;
mod constraints;
mod diesel_cli;
mod fixtures;
mod group_commit;
mod identities;
mod labels;
mod maintenance;
mod migrations;
mod owners;
mod personal_tokens;
mod plan_shapes;
mod plans;
mod queue;
mod refresh;
mod repositories;
mod schema_text;
mod search;
mod sessions;
mod sharding;
mod sign_in;
#[allow(
    dead_code,
    reason = "the functions are found by their tokens, not by their paths"
)]
#[path = "../architecture/source.rs"]
mod source;
#[allow(dead_code, reason = "each test binary uses its part of it")]
#[path = "../support/mod.rs"]
mod support;
mod throttles;
mod trash;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::runner::run(&[
        migrations::CASES,
        plans::CASES,
        catalog::CASES,
        constraints::CASES,
        account_constraints::CASES,
        repositories::CASES,
        changes::CASES,
        trash::CASES,
        labels::CASES,
        search::CASES,
        maintenance::CASES,
        refresh::CASES,
        throttles::CASES,
        sessions::CASES,
        personal_tokens::CASES,
        identities::CASES,
        accounts_purge::CASES,
        account_races::CASES,
        account_plans::CASES,
        owners::itself::CASES,
        owners::cases::CASES,
        sharding::CASES,
        connections::CASES,
        access::CASES,
        queue::CASES,
        queue::of_statements::CASES,
        group_commit::CASES,
        diesel_cli::CASES,
    ])
}
