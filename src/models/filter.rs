//! Which tasks a list holds.

use std::{borrow::Cow, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    id::Id,
    label::LabelName,
    priority::Priority,
    search::Search,
    status::Status,
    text::ExternalId,
    time::{TimeOrDate, UtcTime},
    value::{TextValue, names},
    violation::Violation,
};

/// Most values that a list in a query may have.
pub const LIST_MAX: usize = 20;

/// A half-open range of time: `after` ≤ x < `before`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TimeRange {
    pub after: Option<UtcTime>,
    pub before: Option<UtcTime>,
}

names! {
    /// A member that a task may have or not.
    pub enum OptionalMember {
        Due = "due",
        Labels = "labels",
        Project = "project_id",
        Parent = "parent_id",
        Blockers = "blocked_by",
    }
}

/// The conditions on a task, all of which must hold. An empty list is no condition. Equal filters have the same JSON,
/// by which a cursor is bound to its list. A member that is new is left out where it is no condition, so that cursors of
/// the release before stay good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TaskFilter {
    pub status: Vec<Status>,
    pub priority: Vec<Priority>,
    /// At least one of them.
    pub labels: Vec<LabelName>,
    pub due: TimeRange,
    pub created: TimeRange,
    pub updated: TimeRange,
    /// Whether the task is due before now and neither done nor cancelled.
    pub overdue: Option<bool>,
    pub external_id: Option<ExternalId>,
    pub search: Option<Search>,
    #[serde(skip_serializing_if = "is_default")]
    pub completed: TimeRange,
    /// In any of these projects.
    #[serde(skip_serializing_if = "is_default")]
    pub projects: Vec<Id>,
    /// A direct subtask of any of these.
    #[serde(skip_serializing_if = "is_default")]
    pub parents: Vec<Id>,
    /// Names any of these as a blocker.
    #[serde(skip_serializing_if = "is_default")]
    pub blockers: Vec<Id>,
    /// In none of these projects.
    #[serde(skip_serializing_if = "is_default")]
    pub not_projects: Vec<Id>,
    /// None of them.
    #[serde(skip_serializing_if = "is_default")]
    pub not_labels: Vec<LabelName>,
    /// All of them.
    #[serde(skip_serializing_if = "is_default")]
    pub all_labels: Vec<LabelName>,
    /// Has none of these.
    #[serde(skip_serializing_if = "is_default")]
    pub without: Vec<OptionalMember>,
    /// Has all of these.
    #[serde(skip_serializing_if = "is_default")]
    pub with: Vec<OptionalMember>,
    /// Whether the task and one of its blockers are open.
    #[serde(skip_serializing_if = "is_default")]
    pub blocked: Option<bool>,
    /// Whether its project is archived.
    #[serde(skip_serializing_if = "is_default")]
    pub archived: Option<bool>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A comma-separated list of 1 to `MAX` values, in their own order; a repeated one counts once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommaList<T, const MAX: usize = LIST_MAX>(pub Vec<T>);

impl TimeRange {
    /// From the two parameters of a query.
    pub fn new(after: Option<TimeOrDate>, before: Option<TimeOrDate>) -> Self {
        Self {
            after: after.map(|time| time.0),
            before: before.map(|time| time.0),
        }
    }

    /// Whether it has a bound.
    pub fn is_set(&self) -> bool {
        self.after.is_some() || self.before.is_some()
    }
}

impl TaskFilter {
    /// Whether it has no condition, or but one project or one parent.
    pub fn is_simple(&self) -> bool {
        let rest = Self {
            projects: Vec::new(),
            parents: Vec::new(),
            ..self.clone()
        };
        !rest.is_set() && self.projects.len() + self.parents.len() <= 1
    }

    /// Whether it has a condition.
    pub fn is_set(&self) -> bool {
        !is_default(self)
    }
}

impl<T: FromStr<Err = Violation> + Ord, const MAX: usize> FromStr for CommaList<T, MAX> {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        if text.split(',').count() > MAX {
            let detail = format!("must have at most {MAX} values");
            return Err(Violation::new("length", detail));
        }
        let values: Result<Vec<T>, Violation> = text.split(',').map(str::parse).collect();
        let mut values = values?;
        values.sort_unstable();
        values.dedup();
        Ok(Self(values))
    }
}

impl<T: JsonSchema, const MAX: usize> TextValue for CommaList<T, MAX>
where
    Self: FromStr<Err = Violation>,
{
    const IS_LIST: bool = true;
}

impl<T: JsonSchema, const MAX: usize> JsonSchema for CommaList<T, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("CommaListOf{MAX}{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "minItems": 1,
            "maxItems": MAX,
            "items": generator.subschema_for::<T>(),
            "description": "Repeated, or with commas between (`a,b`). A repeated value counts once.",
        })
    }
}
