//! The closed table of error codes. A code never changes its meaning or its status: clients
//! are written against it. `/docs/problems` shows this table to people.

use actix_web::http::StatusCode;

/// One row of the table: `status` and `code` for programs, the rest for people.
pub struct Entry {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: &'static str,
    pub meaning: &'static str,
    pub remedy: &'static str,
}

/// Declares [`ErrorCode`] by its rows: variant, status, code, title, meaning, remedy.
macro_rules! error_codes {
    ($($variant:ident: $status:ident $code:literal, $title:literal, $meaning:literal, $remedy:literal;)*) => {
        /// A code; [`ErrorCode::entry`] is its row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorCode {
            $($variant,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The row of the code.
            pub fn entry(self) -> &'static Entry {
                match self {
                    $(Self::$variant => &Entry {
                        status: StatusCode::$status,
                        code: $code,
                        title: $title,
                        meaning: $meaning,
                        remedy: $remedy,
                    },)*
                }
            }
        }
    };
}

error_codes! {
    MalformedRequest: BAD_REQUEST "malformed_request", "Malformed request",
        "The JSON or the form in the body could not be parsed.",
        "Send well-formed UTF-8 of the media type that Content-Type names; the detail says what is wrong.";
    EmailTaken: BAD_REQUEST "email_taken", "E-mail address already in use",
        "Another account has this e-mail address. Upper and lower case do not make a difference.",
        "Log in with that account, or use another address.";
    NotAuthenticated: UNAUTHORIZED "not_authenticated", "Not authenticated",
        "The operation needs an access token, and the request has none.",
        "Log in at /auth/login and send the access token in the header Authorization: Bearer.";
    InvalidToken: UNAUTHORIZED "invalid_token", "Invalid token",
        "The token is malformed, has expired or was revoked; the detail says which. Revoked is also the token of a session or an account that has ended.",
        "Exchange the refresh token at /auth/refresh and send the request again with the new access token. If the refresh fails too, log in again. In place of a personal access token, create another.";
    InvalidCredentials: UNAUTHORIZED "invalid_credentials", "Invalid credentials",
        "The e-mail address or the password is wrong. Which of them is not said.",
        "Check both, or register.";
    InsufficientScope: FORBIDDEN "insufficient_scope", "Insufficient scope",
        "The token is valid but may not do this. The detail names the scope that it lacks, or says that only an access token from a login will do.",
        "Use a token with that scope, or log in.";
    OriginNotAllowed: FORBIDDEN "origin_not_allowed", "Origin not allowed",
        "A browser sent the request for a page of another origin (scheme, host and port), which may not call this service.",
        "Ask the operator to add the origin to APP_SERVER__CORS_ORIGINS, exactly as the detail names it.";
    NotFound: NOT_FOUND "not_found", "Not found",
        "Nothing is at this address, or it is not yours: the answer is the same for both.",
        "Check the path and the id, and that you are logged in as the owner.";
    MethodNotAllowed: METHOD_NOT_ALLOWED "method_not_allowed", "Method not allowed",
        "The path exists, but not with this method.",
        "Use one of the methods in the Allow header.";
    PayloadTooLarge: PAYLOAD_TOO_LARGE "payload_too_large", "Payload too large",
        "The request body is over the server's limit (1 MiB unless the operator changed it).",
        "Send less in one request.";
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE "unsupported_media_type", "Unsupported media type",
        "The operation does not take a body of this media type or content coding, or the body has no Content-Type.",
        "Send a Content-Type that the Accept header lists, without Content-Encoding, or no body where that header is empty.";
    RequestInProgress: CONFLICT "request_in_progress", "Request in progress",
        "A request with the same Idempotency-Key is still running.",
        "Wait a moment and send the same request again.";
    Blocked: CONFLICT "blocked", "Blocked",
        "The task cannot become done, since tasks that block it are open: blocked_by lists them. Those below a task that are closed with it count too.",
        "Close these tasks first, or send the change with force=true.";
    Conflict: CONFLICT "conflict", "Conflict",
        "The request clashes with the current state: another task has the external_id, for example. Then conflicting_id is the id of that task.",
        "Read the resource again and resolve the clash that the detail names.";
    VersionMismatch: PRECONDITION_FAILED "version_mismatch", "Version mismatch",
        "A precondition (If-Match, If-None-Match, or the if_version of an operation) does not hold, in most cases because the task or project has changed. The field current has it as it is now.",
        "Apply your change to current and send it with the new ETag. Where the detail speaks of a weak tag, send the ETag without its W/, and let no proxy compress answers.";
    ValidationFailed: UNPROCESSABLE_ENTITY "validation_failed", "Validation failed",
        "The request is well-formed, but a field, a parameter or a header is missing, unknown, a duplicate, of the wrong type or out of range. Each entry of errors names one place and one rule.",
        "Correct every place in errors and send the request again.";
    IdempotencyKeyReused: UNPROCESSABLE_ENTITY "idempotency_key_reused", "Idempotency key reused",
        "The Idempotency-Key was used for a different request before.",
        "Use a new key for each new request.";
    TooManyRequests: TOO_MANY_REQUESTS "too_many_requests", "Too many requests",
        "Too many attempts: a limit was reached.",
        "Wait as many seconds as Retry-After says.";
    InternalError: INTERNAL_SERVER_ERROR "internal_error", "Internal error",
        "The server failed. The cause is in its log under the request_id, never in the answer.",
        "Report the request_id to the operator.";
    Unavailable: SERVICE_UNAVAILABLE "unavailable", "Service unavailable",
        "The database cannot be reached or is full, or the server is overloaded.",
        "Send the request again after as many seconds as Retry-After says.";
}

impl ErrorCode {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `detail` of a problem it begins with a small letter: no name may stand there that is written with a capital.
    #[test]
    fn every_meaning_begins_with_a_word() {
        for code in ErrorCode::ALL {
            let meaning = code.entry().meaning;
            let (first, _) = meaning.split_once(' ').unwrap();
            let (capital, rest) = first.split_at(1);
            assert!(capital.chars().all(char::is_uppercase), "{meaning}");
            assert!(rest.chars().all(char::is_lowercase), "{meaning}");
            assert!(meaning.ends_with('.') && code.entry().remedy.ends_with('.'));
        }
    }

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
        403 origin_not_allowed
        404 not_found
        405 method_not_allowed
        413 payload_too_large
        415 unsupported_media_type
        409 request_in_progress
        409 blocked
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
