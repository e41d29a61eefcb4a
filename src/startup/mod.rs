//! Building the service, and its life from the first connection to the last request: [`prepare`] the database,
//! [`bind`] the addresses, [`listen`] to clients, serve until one of the [`signals`] comes ([`application`]);
//! [`scrape`] serves the metrics, [`limits`] makes room for as many connections as the settings say.
//!
//! Both are an [`http_server`]: that of actix, on connections ([`client_stream`]) that follow what a client sends
//! ([`request_scanner`]).

pub mod application;
pub mod bind;
pub mod client_stream;
pub mod http_server;
pub mod limits;
pub mod listen;
pub mod prepare;
pub mod request_scanner;
pub mod scrape;
pub mod signals;

pub use application::{Application, StartError, run};
