//! Failures, and the one way from them to a response: [`AppError`] names the failure,
//! [`code::ErrorCode`] is the closed table of codes, [`problem`] writes the RFC 9457 body.

pub mod app_error;
pub mod code;
pub mod field;
pub mod problem;
pub mod request_id;
pub mod token_fault;
pub mod unavailable;

pub use app_error::AppError;
pub use token_fault::TokenFault;
pub use unavailable::UnavailableReason;
