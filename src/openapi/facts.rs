//! What an operation is, and what follows from it.

use serde_json::Value;

use crate::{
    access::{self, Need},
    error::code::ErrorCode,
};

/// What the rest of the document depends on.
pub struct Facts {
    pub id: String,
    pub method: String,
    pub has_body: bool,
    pub secured: bool,
    /// What it asks of the token.
    pub need: Option<Need>,
    /// It is about one resource, which the path names.
    names_resource: bool,
    /// Its headers, in lower case.
    header_parameters: Vec<String>,
}

impl Facts {
    /// Those of `operation`, as paperclip collected it.
    pub fn of(method: &str, path: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array();
        let parameters: Vec<(&str, &str)> = parameters
            .into_iter()
            .flatten()
            .filter_map(|p| Some((p["in"].as_str()?, p["name"].as_str()?)))
            .collect();
        let headers = parameters.iter().filter(|(place, _)| *place == "header");
        Self {
            id: operation["operationId"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            method: method.to_owned(),
            has_body: operation.get("requestBody").is_some(),
            secured: operation.get("security").is_some(),
            need: access::need(&method.to_uppercase(), path),
            names_resource: parameters.iter().any(|(place, _)| *place == "path"),
            header_parameters: headers.map(|(_, name)| name.to_lowercase()).collect(),
        }
    }

    /// Whether it may be sent again under a key.
    pub fn is_repeatable(&self) -> bool {
        self.takes("idempotency-key")
    }

    /// Whether it answers 304 to a client that has the answer already.
    pub fn is_cacheable(&self) -> bool {
        self.takes("if-none-match")
    }

    /// Whether it is a page of a list.
    pub fn is_list(&self) -> bool {
        self.id.starts_with("list")
    }

    /// Whether its operations are several, which fail together or alone.
    pub fn is_batch(&self) -> bool {
        self.id == "batchTasks"
    }

    /// Whether its answer has the entity tag of one task.
    pub fn answers_task(&self) -> bool {
        matches!(
            self.id.as_str(),
            "createTask" | "getTask" | "updateTask" | "restoreTask"
        )
    }

    fn takes(&self, header: &str) -> bool {
        self.header_parameters.iter().any(|name| name == header)
    }

    /// Every code that the operation can answer with.
    pub fn codes(&self) -> Vec<ErrorCode> {
        let mut codes = vec![
            ErrorCode::UnsupportedMediaType,
            ErrorCode::ValidationFailed,
            ErrorCode::InternalError,
        ];
        let mut add = |holds: bool, more: &[ErrorCode]| {
            if holds {
                codes.extend(more);
            }
        };
        add(
            self.has_body,
            &[ErrorCode::MalformedRequest, ErrorCode::PayloadTooLarge],
        );
        add(
            self.secured,
            &[ErrorCode::NotAuthenticated, ErrorCode::InvalidToken],
        );
        add(
            self.secured && self.need != Some(Need::Token),
            &[ErrorCode::InsufficientScope],
        );
        add(
            self.names_resource || self.is_batch(),
            &[ErrorCode::NotFound],
        );
        add(
            self.takes("if-match") || self.is_batch(),
            &[ErrorCode::VersionMismatch],
        );
        add(
            self.is_repeatable(),
            &[
                ErrorCode::RequestInProgress,
                ErrorCode::IdempotencyKeyReused,
            ],
        );
        add(self.can_clash(), &[ErrorCode::Conflict]);
        add(
            matches!(self.id.as_str(), "register" | "changeEmail"),
            &[ErrorCode::EmailTaken],
        );
        add(self.id == "login", &[ErrorCode::InvalidCredentials]);
        add(self.id == "refresh", &[ErrorCode::InvalidToken]);
        add(self.is_limited(), &[ErrorCode::TooManyRequests]);
        add(self.id != "getLiveness", &[ErrorCode::Unavailable]);
        codes
    }

    /// Whether it is counted: whoever guesses passwords or floods the service with accounts is slowed.
    pub fn is_limited(&self) -> bool {
        matches!(
            self.id.as_str(),
            "register" | "login" | "changeEmail" | "changePassword" | "deleteAccount"
        )
    }

    /// Whether it gives a task an external id, which another may have.
    fn can_clash(&self) -> bool {
        matches!(
            self.id.as_str(),
            "createTask" | "updateTask" | "restoreTask" | "batchTasks"
        )
    }
}
