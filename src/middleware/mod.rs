//! The middleware around the handlers. The outermost comes first here: [`exchange`] closes a connection whose
//! request is not read to its end, [`observe`] names and logs a request, [`problems`] turns every failure into
//! problem details, [`headers`] adds the headers that hold everywhere and answers HEAD as GET, [`origins`] refuses
//! pages that may not call; around a single resource, [`auth`] finds out whose request it is.

pub mod auth;
pub mod client_address;
pub mod exchange;
pub mod headers;
pub mod observe;
pub mod origins;
pub mod problems;
