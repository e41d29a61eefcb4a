//! What the tests stand on: [`app::TestApp`] is a running service with a database of its own,
//! [`client::Client`] calls it as a user, [`documented`] holds its answers against the OpenAPI document,
//! [`process::Process`] is the binary, [`operator::Operator`] runs the commands about whole databases,
//! [`desk::Desk`] those about accounts, [`doctor::Patient`] is what one of them looks at, [`runner`] runs each
//! case on each engine.

pub mod answer;
pub mod app;
pub mod client;
#[path = "../../support/database.rs"]
pub mod database;
pub mod desk;
pub mod doctor;
pub mod documented;
pub mod dump;
pub mod held_connection;
pub mod operator;
pub mod personal_token;
pub mod prefix_proxy;
pub mod process;
pub mod raw;
pub mod replicas;
#[path = "../../support/runner.rs"]
pub mod runner;
