//! The result of one check.

use serde::Serialize;

use crate::commands::output::one_line;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Outcome {
    Ok,
    /// The service works, but not for long, or less well or safely than it could.
    Warning,
    /// The service does not work, or will lose something.
    #[strum(serialize = "FAILURE")]
    Failure,
}

/// Its texts have one line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    pub check: &'static str,
    pub outcome: Outcome,
    pub found: String,
    /// What to do; absent where nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl CheckResult {
    pub fn ok(check: &'static str, found: impl AsRef<str>) -> Self {
        Self {
            check,
            outcome: Outcome::Ok,
            found: one_line(found.as_ref()),
            remedy: None,
        }
    }

    pub fn warning(check: &'static str, found: impl AsRef<str>, remedy: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Warning,
            remedy: Some(remedy.into()),
            ..Self::ok(check, found)
        }
    }

    pub fn failure(check: &'static str, found: impl AsRef<str>, remedy: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Failure,
            ..Self::warning(check, found, remedy)
        }
    }
}
