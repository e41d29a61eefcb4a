//! The service as its users meet it: over HTTP, once on each engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod account;
mod account_deletion;
mod arbitrary;
mod auth_login;
mod auth_register;
mod auth_token;
mod batch;
mod browser;
mod commands;
mod commands_backup;
mod commands_copy;
mod commands_doctor;
mod commands_doctor_postgres;
mod commands_doctor_sqlite;
mod commands_generate;
mod commands_migrate;
mod commands_restore;
mod commands_user;
mod commands_verify;
mod commands_verify_files;
mod commands_without_database;
mod concurrency;
mod conditions;
mod connections;
mod connections_kept;
mod contents;
mod cors;
mod database_defaults;
mod dependencies;
mod documentation;
mod epoch;
mod events;
mod external_ids;
mod failures;
mod failures_language;
mod failures_postgres;
mod failures_sqlite;
mod filters;
mod flood;
mod ground_rules;
mod headers;
mod idempotency;
mod idempotency_crowds;
mod idempotency_refusals;
mod isolation;
mod labels;
mod lists_concurrent;
mod logs;
mod metrics;
mod model;
mod moves;
mod openapi_answers;
mod openapi_batch;
mod openapi_generators;
mod openapi_parameters;
mod openapi_reading;
mod openapi_schema;
mod openapi_truth;
mod overload;
mod page_caching;
mod pages;
mod personal_tokens;
mod personal_tokens_life;
mod preconditions;
mod processes;
mod projects;
mod projects_move;
mod projects_trash;
mod public_url;
mod query_lists;
mod refresh;
mod refresh_again;
mod relation_races;
mod replicas;
mod replicas_counts;
mod replicas_jobs;
mod samples;
mod scopes;
mod search;
mod search_corpus;
mod secrets;
mod sessions;
mod settings;
mod shutdown;
mod slow_bodies;
mod subtasks;
mod support;
mod tasks_computed;
mod tasks_list;
mod tasks_patch;
mod tasks_write;
mod temporary_ids;
mod text;
mod throttling;
mod throttling_addresses;
mod token_grants;
mod trash;
mod whole_account;
mod wording;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::runner::run(&[
        account::CASES,
        account_deletion::CASES,
        arbitrary::CASES,
        auth_login::CASES,
        auth_register::CASES,
        auth_token::CASES,
        batch::CASES,
        browser::cors::CASES,
        browser::looks::CASES,
        browser::pages::CASES,
        commands::CASES,
        commands_backup::CASES,
        commands_copy::CASES,
        commands_doctor::CASES,
        commands_doctor_postgres::CASES,
        commands_doctor_sqlite::CASES,
        commands_generate::CASES,
        commands_migrate::CASES,
        commands_restore::CASES,
        commands_user::CASES,
        commands_verify::CASES,
        commands_verify_files::CASES,
        commands_without_database::CASES,
        concurrency::CASES,
        conditions::CASES,
        connections::CASES,
        connections_kept::CASES,
        contents::CASES,
        cors::CASES,
        database_defaults::CASES,
        dependencies::CASES,
        moves::CASES,
        relation_races::CASES,
        replicas_counts::CASES,
        replicas_jobs::CASES,
        documentation::commands::CASES,
        documentation::text::CASES,
        epoch::CASES,
        events::CASES,
        external_ids::CASES,
        failures::CASES,
        failures_language::CASES,
        failures_postgres::CASES,
        failures_sqlite::CASES,
        filters::edges::CASES,
        filters::pairs::CASES,
        flood::CASES,
        ground_rules::CASES,
        headers::CASES,
        idempotency::CASES,
        idempotency_crowds::CASES,
        idempotency_refusals::CASES,
        isolation::CASES,
        labels::CASES,
        lists_concurrent::CASES,
        logs::CASES,
        metrics::CASES,
        model::compare::CASES,
        openapi_answers::CASES,
        overload::CASES,
        overload::of_a_file::CASES,
        overload::of_connections::CASES,
        openapi_batch::CASES,
        openapi_generators::CASES,
        openapi_parameters::CASES,
        openapi_reading::CASES,
        openapi_schema::CASES,
        openapi_truth::CASES,
        page_caching::CASES,
        pages::CASES,
        personal_tokens::CASES,
        personal_tokens_life::CASES,
        preconditions::CASES,
        processes::CASES,
        projects::CASES,
        projects_move::CASES,
        projects_trash::CASES,
        public_url::CASES,
        query_lists::CASES,
        refresh::CASES,
        refresh_again::CASES,
        replicas::CASES,
        samples::CASES,
        scopes::CASES,
        search::CASES,
        secrets::CASES,
        sessions::CASES,
        settings::CASES,
        shutdown::CASES,
        shutdown::before_the_start::CASES,
        slow_bodies::CASES,
        subtasks::CASES,
        tasks_computed::CASES,
        tasks_list::CASES,
        tasks_patch::CASES,
        tasks_write::CASES,
        temporary_ids::CASES,
        text::CASES,
        throttling::CASES,
        throttling_addresses::CASES,
        token_grants::CASES,
        trash::CASES,
        whole_account::CASES,
        wording::CASES,
    ])
}
