//! Arguments of handlers that are read from the head of a request.

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
