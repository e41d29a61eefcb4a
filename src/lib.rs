//! The Task Management API: people register, log in and manage their own tasks.
//!
//! A request walks down, an answer walks up:
//!
//! ```text
//!   main ─ commands ─ startup      the process: settings, database, server
//!                        │
//!                     routes       the table of paths, methods and handlers
//!            ┌───────────┴──────────┐
//!        middleware            controllers    HTTP in, HTTP out
//!            └───────────┬──────────┘
//!                     services     what the product does: rules, authorisation, transactions
//!                        │
//!                   repositories   what the database does: plain functions on a connection
//!                        │
//!               db · schema · models
//! ```
//!
//! A layer imports only from the ones below it (`tests/architecture.rs` fails otherwise). `error` and
//! `config` import nothing of ours and may be imported by all; `state` is what handlers share,
//! `content` is what is served as it stands, `hash_pool` hashes passwords off the async threads, `queue` bounds what waits, `jobs` runs in the
//! background, `openapi` completes the served document, `telemetry` is what operators see.

pub mod commands;
pub mod config;
pub mod content;
pub mod controllers;
pub mod db;
pub mod error;
pub mod hash_pool;
pub mod jobs;
pub mod middleware;
pub mod models;
pub mod openapi;
pub mod queue;
pub mod repositories;
pub mod routes;
pub mod schema;
pub mod services;
pub mod startup;
pub mod state;
pub mod telemetry;
