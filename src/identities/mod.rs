//! Who a request's token stands for: looked up once, then kept for a moment in this process
//! ([`cache`]), which hears at once of every change ([`follow`]).

pub mod cache;
pub mod follow;
pub mod lookup;

pub use lookup::Identities;
