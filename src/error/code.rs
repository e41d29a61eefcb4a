//! The closed table of error codes. A code never changes its meaning or its status: clients
//! are written against it. `/docs/problems` shows this table to people.

use actix_web::http::StatusCode;

/// A code; [`ErrorCode::entry`] is its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    MalformedRequest,
    EmailTaken,
    NotAuthenticated,
    InvalidToken,
    InvalidCredentials,
    InsufficientScope,
    NotFound,
    MethodNotAllowed,
    PayloadTooLarge,
    UnsupportedMediaType,
    RequestInProgress,
    Conflict,
    VersionMismatch,
    ValidationFailed,
    IdempotencyKeyReused,
    TooManyRequests,
    InternalError,
    Unavailable,
}

/// One row of the table: `status` and `code` for programs, the rest for people.
pub struct Entry {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: &'static str,
    pub meaning: &'static str,
    pub remedy: &'static str,
}

impl ErrorCode {
    /// Every code, in the order of the table.
    pub const ALL: [Self; 18] = [
        Self::MalformedRequest,
        Self::EmailTaken,
        Self::NotAuthenticated,
        Self::InvalidToken,
        Self::InvalidCredentials,
        Self::InsufficientScope,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::RequestInProgress,
        Self::Conflict,
        Self::VersionMismatch,
        Self::ValidationFailed,
        Self::IdempotencyKeyReused,
        Self::TooManyRequests,
        Self::InternalError,
        Self::Unavailable,
    ];

    /// The code for a response that the framework made with `status`, if it is a failure.
    pub fn of_status(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::NOT_FOUND => Some(Self::NotFound),
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::MethodNotAllowed),
            StatusCode::PAYLOAD_TOO_LARGE => Some(Self::PayloadTooLarge),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(Self::UnsupportedMediaType),
            StatusCode::SERVICE_UNAVAILABLE => Some(Self::Unavailable),
            other if other.is_client_error() => Some(Self::MalformedRequest),
            other if other.is_server_error() => Some(Self::InternalError),
            _ => None,
        }
    }

    /// The one status that goes with the code.
    pub fn status(self) -> StatusCode {
        self.entry().status
    }

    /// The code as programs read it.
    pub fn as_str(self) -> &'static str {
        self.entry().code
    }

    /// The row of the code.
    pub fn entry(self) -> &'static Entry {
        match self {
            Self::MalformedRequest => &Entry {
                status: StatusCode::BAD_REQUEST,
                code: "malformed_request",
                title: "Malformed request",
                meaning: "The JSON, the form or a header could not be parsed.",
                remedy: "Send well-formed UTF-8 of the media type that Content-Type names; the detail says where parsing stopped.",
            },
            Self::EmailTaken => &Entry {
                status: StatusCode::BAD_REQUEST,
                code: "email_taken",
                title: "E-mail address already in use",
                meaning: "Another account has this e-mail address; case does not distinguish addresses.",
                remedy: "Log in with that account, or use another address.",
            },
            Self::NotAuthenticated => &Entry {
                status: StatusCode::UNAUTHORIZED,
                code: "not_authenticated",
                title: "Not authenticated",
                meaning: "The path needs credentials and the request carries none.",
                remedy: "Log in at /auth/login and send Authorization: Bearer with the access token.",
            },
            Self::InvalidToken => &Entry {
                status: StatusCode::UNAUTHORIZED,
                code: "invalid_token",
                title: "Invalid token",
                meaning: "The token is malformed, forged, expired or revoked, or its user is gone.",
                remedy: "Log in again.",
            },
            Self::InvalidCredentials => &Entry {
                status: StatusCode::UNAUTHORIZED,
                code: "invalid_credentials",
                title: "Invalid credentials",
                meaning: "The e-mail address or the password is wrong; which of them is not said.",
                remedy: "Check both, or register.",
            },
            Self::InsufficientScope => &Entry {
                status: StatusCode::FORBIDDEN,
                code: "insufficient_scope",
                title: "Insufficient scope",
                meaning: "The token is valid but may not do this.",
                remedy: "Use a token with the scope that the operation needs.",
            },
            Self::NotFound => &Entry {
                status: StatusCode::NOT_FOUND,
                code: "not_found",
                title: "Not found",
                meaning: "There is nothing at this address, or it is not yours: the two cannot be told apart.",
                remedy: "Check the path and the id, and that you are logged in as the owner.",
            },
            Self::MethodNotAllowed => &Entry {
                status: StatusCode::METHOD_NOT_ALLOWED,
                code: "method_not_allowed",
                title: "Method not allowed",
                meaning: "The path exists but does not have this method.",
                remedy: "Use one of the methods in the Allow header.",
            },
            Self::PayloadTooLarge => &Entry {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                code: "payload_too_large",
                title: "Payload too large",
                meaning: "The request body is over the server's limit (1 MiB unless the operator changed it).",
                remedy: "Send less in one request.",
            },
            Self::UnsupportedMediaType => &Entry {
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                code: "unsupported_media_type",
                title: "Unsupported media type",
                meaning: "The operation does not take a body of this media type or content coding, or the body has no Content-Type.",
                remedy: "Send a Content-Type that the detail lists, or no body where the operation takes none.",
            },
            Self::RequestInProgress => &Entry {
                status: StatusCode::CONFLICT,
                code: "request_in_progress",
                title: "Request in progress",
                meaning: "A request with the same idempotency key is being worked on.",
                remedy: "Wait a moment and send the same request again.",
            },
            Self::Conflict => &Entry {
                status: StatusCode::CONFLICT,
                code: "conflict",
                title: "Conflict",
                meaning: "The request clashes with the current state.",
                remedy: "Read the resource again and resolve the clash that the detail names.",
            },
            Self::VersionMismatch => &Entry {
                status: StatusCode::PRECONDITION_FAILED,
                code: "version_mismatch",
                title: "Version mismatch",
                meaning: "If-Match, or the if_version of an operation, does not hold: the task has changed. The member current carries it as it is now.",
                remedy: "Apply your change to current and send it with the new ETag.",
            },
            Self::ValidationFailed => &Entry {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                code: "validation_failed",
                title: "Validation failed",
                meaning: "The request is well-formed, but a member or parameter is missing, unknown, repeated, of the wrong type or out of range. Each entry of errors names one place and one rule.",
                remedy: "Correct every place in errors and send the request again.",
            },
            Self::IdempotencyKeyReused => &Entry {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                code: "idempotency_key_reused",
                title: "Idempotency key reused",
                meaning: "The idempotency key belongs to another request.",
                remedy: "Use a new key for each new request.",
            },
            Self::TooManyRequests => &Entry {
                status: StatusCode::TOO_MANY_REQUESTS,
                code: "too_many_requests",
                title: "Too many requests",
                meaning: "A limit was reached.",
                remedy: "Wait for the seconds that Retry-After names.",
            },
            Self::InternalError => &Entry {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code: "internal_error",
                title: "Internal error",
                meaning: "The server failed. The cause is in its log under the request id, never in the answer.",
                remedy: "Report the request_id to the operator.",
            },
            Self::Unavailable => &Entry {
                status: StatusCode::SERVICE_UNAVAILABLE,
                code: "unavailable",
                title: "Service unavailable",
                meaning: "The database cannot be reached or is full, or the server has all the work that it can take.",
                remedy: "Send the request again after the seconds that Retry-After names.",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_pinned() {
        let table: Vec<String> = ErrorCode::ALL
            .iter()
            .map(|code| format!("{} {}", code.status().as_u16(), code.as_str()))
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        400 malformed_request
        400 email_taken
        401 not_authenticated
        401 invalid_token
        401 invalid_credentials
        403 insufficient_scope
        404 not_found
        405 method_not_allowed
        413 payload_too_large
        415 unsupported_media_type
        409 request_in_progress
        409 conflict
        412 version_mismatch
        422 validation_failed
        422 idempotency_key_reused
        429 too_many_requests
        500 internal_error
        503 unavailable
        ");
    }
}
