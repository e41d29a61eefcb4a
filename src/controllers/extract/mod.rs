//! Strict input: from a request to checked values. Every extractor refuses what it does not know,
//! and names each fault at once (422 with `errors`).
//!
//! A request is declared once ([`request`]): from the declaration come its reader ([`fields::FromFields`]), whether the
//! values stand in a JSON object ([`json`]), a form ([`form`]) or the query ([`query`]), and its schema. The types of
//! its members ([`values`]) bring their own bounds.

/// Makes a type an argument of handlers that is read from the head of a request: `from_head!(Type, reader)`.
macro_rules! from_head {
    ($type:ty $(where $parameter:ident: $bound:path)?, $read:expr) => {
        impl$(<$parameter: $bound>)? actix_web::FromRequest for $type {
            type Error = $crate::error::AppError;
            type Future = std::future::Ready<Result<Self, Self::Error>>;

            fn from_request(
                req: &actix_web::HttpRequest,
                _: &mut actix_web::dev::Payload,
            ) -> Self::Future {
                let read: fn(&actix_web::HttpRequest) -> Result<Self, Self::Error> = $read;
                std::future::ready(read(req))
            }
        }

        impl$(<$parameter>)? paperclip::v2::schema::Apiv2Schema for $type {}
        impl$(<$parameter>)? paperclip::actix::OperationModifier for $type {}
    };
}

pub(crate) use from_head;

pub mod body;
pub mod conditions;
pub mod current_user;
pub mod fields;
pub mod form;
pub mod idempotency_key;
pub mod json;
pub mod origin;
pub mod path;
pub mod query;
pub mod request;
pub mod unread;
pub mod urlencoded;
pub mod values;
