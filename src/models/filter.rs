//! Which tasks a list holds.

use std::{borrow::Cow, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    label::LabelName,
    priority::Priority,
    search::Search,
    status::Status,
    text::ExternalId,
    time::{TimeOrDate, UtcTime},
    value::TextValue,
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

/// The conditions on a task, all of which must hold. An empty list is no condition. Equal filters have the same JSON,
/// by which a cursor is bound to its list.
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
}

/// A comma-separated list of 1 to [`LIST_MAX`] values, in their own order; a repeated one counts once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommaList<T>(pub Vec<T>);

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
    /// Whether it has a condition.
    pub fn is_set(&self) -> bool {
        *self != Self::default()
    }
}

impl<T: FromStr<Err = Violation> + Ord> FromStr for CommaList<T> {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        if text.split(',').count() > LIST_MAX {
            let detail = format!("must have at most {LIST_MAX} values");
            return Err(Violation::new("length", detail));
        }
        let values: Result<Vec<T>, Violation> = text.split(',').map(str::parse).collect();
        let mut values = values?;
        values.sort_unstable();
        values.dedup();
        Ok(Self(values))
    }
}

impl<T: TextValue> TextValue for CommaList<T>
where
    Self: FromStr<Err = Violation>,
{
    const IS_LIST: bool = true;
}

impl<T: JsonSchema> JsonSchema for CommaList<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("CommaListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "minItems": 1,
            "maxItems": LIST_MAX,
            "items": generator.subschema_for::<T>(),
            "description": "Repeated, or with commas between (`a,b`). A repeated value counts once.",
        })
    }
}
