//! A problem of each code, as a client may get it.

use std::time::Duration;

use actix_web::http::header;
use serde_json::{Value, json, value::to_raw_value};

use super::{
    extract::json::{JSON, parse},
    project_dto, task_dto,
    task_requests::CreateTaskRequest,
};
use crate::{
    error::{
        AppError, code::ErrorCode, problem::Problem, token_fault::TokenFault,
        unavailable::UnavailableReason,
    },
    models::{precondition::Unmet, scope::Scope, throttle::Policy},
};

pub const REQUEST_ID: &str = "request-7";

/// The example of `code`; `page` is the address of the page that explains the codes.
pub fn of(code: ErrorCode, page: &str) -> Value {
    let Some(error) = error(code) else {
        return json!(Problem::of_framework(code, REQUEST_ID, page));
    };
    let problem = Problem::of(&error, REQUEST_ID, page);
    if code == ErrorCode::InvalidCredentials {
        json!(problem.of_grant(code))
    } else {
        json!(problem)
    }
}

/// A failed precondition of a project.
pub fn of_changed_project(page: &str) -> Value {
    let error = mismatch("project", project_dto::example());
    error.map_or(Value::Null, |error| {
        json!(Problem::of(&error, REQUEST_ID, page))
    })
}

/// A failure of `code`; `None` where its detail is always the meaning of the code.
fn error(code: ErrorCode) -> Option<AppError> {
    let refused = |body: &str| parse::<CreateTaskRequest>(body.as_bytes()).err();
    Some(match code {
        ErrorCode::MalformedRequest => return refused("{ \"title\": \"Buy milk\", }"),
        ErrorCode::ValidationFailed => {
            return refused("{ \"titel\": \"Buy milk\", \"priority\": \"hihg\" }");
        }
        ErrorCode::EmailTaken => AppError::EmailTaken,
        ErrorCode::NotAuthenticated => AppError::NotAuthenticated,
        ErrorCode::InvalidToken => AppError::InvalidToken(TokenFault::Expired),
        ErrorCode::InvalidCredentials => AppError::InvalidCredentials,
        ErrorCode::InsufficientScope => AppError::InsufficientScope {
            scope: Some(Scope::TasksWrite.as_str()),
        },
        ErrorCode::OriginNotAllowed => AppError::OriginNotAllowed("https://app.example".to_owned()),
        ErrorCode::NotFound => AppError::NotFound,
        ErrorCode::PayloadTooLarge => AppError::PayloadTooLarge { limit: 1 << 20 },
        ErrorCode::UnsupportedMediaType => AppError::UnsupportedMediaType {
            detail: format!("the Content-Type is missing; it must be {JSON}"),
            headers: vec![(header::ACCEPT, JSON.to_owned())],
        },
        ErrorCode::RequestInProgress => AppError::RequestInProgress,
        ErrorCode::Conflict => AppError::ExternalIdTaken {
            external_id: "jira-4711".to_owned(),
            holder: Some(7),
        },
        ErrorCode::Blocked => AppError::Blocked {
            blocked_by: vec![5, 6],
        },
        ErrorCode::IdempotencyKeyReused => AppError::KeyReused,
        ErrorCode::TooManyRequests => AppError::TooManyRequests {
            policy: Policy::Account.name(),
            quota: 10,
            window: Duration::from_secs(900),
            wait: Duration::from_secs(540),
        },
        ErrorCode::InternalError => AppError::internal(""),
        ErrorCode::Unavailable => AppError::unavailable(UnavailableReason::Timeout, ""),
        ErrorCode::VersionMismatch => mismatch("task", task_dto::example())?,
        ErrorCode::MethodNotAllowed => return None,
    })
}

/// The version of what someone has changed meanwhile.
const VERSION: i64 = 4;

fn mismatch(kind: &str, mut example: Value) -> Option<AppError> {
    let members = example.as_object_mut()?;
    members.insert("version".to_owned(), VERSION.into());
    Some(AppError::VersionMismatch {
        detail: Unmet::version(kind, VERSION, "If-Match", &["1".to_owned()]).0,
        current: to_raw_value(&example).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_of_its_code() {
        for code in ErrorCode::ALL {
            let example = of(*code, "/docs/problems");
            assert_eq!(example["code"], code.as_str(), "{example}");
            assert_eq!(example["status"], code.status().as_u16());
        }
        let invalid = of(ErrorCode::ValidationFailed, "");
        let faults = invalid["errors"].as_array().unwrap().iter();
        let codes: Vec<&str> = faults
            .map(|fault| fault["code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, ["required", "choice", "unknown"], "{invalid}");
        assert!(of(ErrorCode::Conflict, "")["conflicting_id"].is_number());
        let mismatch = of(ErrorCode::VersionMismatch, "");
        assert_eq!(mismatch["current"]["version"], VERSION);
        assert_eq!(
            of(ErrorCode::InvalidCredentials, "")["error"],
            "invalid_grant"
        );
    }
}
