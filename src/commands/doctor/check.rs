//! The result of one check.

use std::fmt::Display;

use serde::Serialize;

use crate::commands::output::one_line;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Ok,
    /// The service works, but not for long, or less well or safely than it could.
    Warning,
    /// The service does not work, or will lose something.
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
        Self::ok(check, found).warn_if(true, remedy)
    }

    pub fn failure(check: &'static str, found: impl AsRef<str>, remedy: impl Into<String>) -> Self {
        Self::ok(check, found).fail_if(true, remedy)
    }

    /// A warning with this remedy if `is_bad`.
    pub fn warn_if(self, is_bad: bool, remedy: impl Into<String>) -> Self {
        self.with(Outcome::Warning, is_bad, remedy)
    }

    /// A failure with this remedy if `is_bad`.
    pub fn fail_if(self, is_bad: bool, remedy: impl Into<String>) -> Self {
        self.with(Outcome::Failure, is_bad, remedy)
    }

    fn with(mut self, outcome: Outcome, is_bad: bool, remedy: impl Into<String>) -> Self {
        if is_bad {
            self.outcome = outcome;
            self.remedy = Some(remedy.into());
        }
        self
    }

    /// By the answer to a query that the database should be able to answer.
    pub fn of<T>(
        check: &'static str,
        answer: Result<T, impl Display>,
        judge: impl FnOnce(T) -> Self,
    ) -> Self {
        answer.map_or_else(|error| Self::unanswered(check, error), judge)
    }

    /// A query failed.
    pub fn unanswered(check: &'static str, error: impl Display) -> Self {
        Self::failure(
            check,
            format!("the database does not answer: {error}"),
            "see what its log says, and run this again",
        )
    }
}
