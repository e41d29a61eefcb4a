//! Which tasks a list holds.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeRange {
    pub after: Option<UtcTime>,
    pub before: Option<UtcTime>,
}

/// The conditions on a task, all of which must hold. An empty list is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

/// A comma-separated list of 1 to [`LIST_MAX`] values; a repeated one counts once.
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

impl<T: FromStr<Err = Violation> + PartialEq> FromStr for CommaList<T> {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        if text.split(',').count() > LIST_MAX {
            let detail = format!("must have at most {LIST_MAX} values");
            return Err(Violation::new("length", detail));
        }
        let mut values = Vec::new();
        for part in text.split(',') {
            let value = part.parse()?;
            if !values.contains(&value) {
                values.push(value);
            }
        }
        Ok(Self(values))
    }
}

impl<T: TextValue + PartialEq> TextValue for CommaList<T> where Self: FromStr<Err = Violation> {}

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
            "description": "With commas between. A repeated one counts once.",
        })
    }
}

/// A text that is the same for equal filters alone: what a cursor is bound to. Every field must be taken
/// apart here, or it does not compile: a cursor of one filter is refused under another.
impl fmt::Display for TaskFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            priority,
            labels,
            due,
            created,
            updated,
            overdue,
            external_id,
            search,
        } = self;
        // The order in which a client names the values of a list does not matter.
        let mut status: Vec<&str> = status.iter().map(|status| status.as_str()).collect();
        let mut priority: Vec<&str> = priority.iter().map(|p| p.as_str()).collect();
        let mut labels: Vec<&str> = labels.iter().map(LabelName::as_str).collect();
        status.sort_unstable();
        priority.sort_unstable();
        labels.sort_unstable();
        let external_id = external_id.as_ref().map(ExternalId::as_str);
        let words = search.as_ref().map(Search::words);
        write!(
            f,
            "{status:?}{priority:?}{labels:?}{external_id:?}{words:?}{due}{created}{updated}/{overdue:?}"
        )
    }
}

/// `/after/before`, each left out where it is not set.
impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { after, before } = self;
        for bound in [after, before] {
            f.write_str("/")?;
            if let Some(time) = bound {
                time.fmt(f)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_list_has_each_value_once_and_no_gap() {
        let list = "todo,done,todo".parse::<CommaList<Status>>();
        assert_eq!(list, Ok(CommaList(vec![Status::Todo, Status::Done])));
        for wrong in ["", "todo,", ",todo", "todo,,done", "todo, done"] {
            assert!(wrong.parse::<CommaList<Status>>().is_err(), "{wrong:?}");
        }
        for count in [20, 21] {
            let many = vec!["a"; count].join(",");
            assert_eq!(many.parse::<CommaList<LabelName>>().is_ok(), count == 20);
        }
    }

    #[test]
    fn the_order_of_values_does_not_change_the_text() {
        let text = |status: [Status; 2]| {
            TaskFilter {
                status: status.to_vec(),
                ..TaskFilter::default()
            }
            .to_string()
        };
        let [todo, done] = [Status::Todo, Status::Done];
        assert_eq!(text([todo, done]), text([done, todo]));
    }

    #[test]
    fn each_field_changes_the_text() {
        let [first, second] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]
            .map(|time| time.parse::<UtcTime>().unwrap());
        let changes: [fn(&mut TaskFilter, TimeRange); 9] = [
            |filter, _| filter.status = vec![Status::Todo],
            |filter, _| filter.priority = vec![Priority::High],
            |filter, _| filter.labels = vec!["home".parse().unwrap()],
            |filter, range| filter.due = range,
            |filter, range| filter.created = range,
            |filter, range| filter.updated = range,
            |filter, _| filter.overdue = Some(false),
            |filter, _| filter.external_id = Some("x".parse().unwrap()),
            |filter, _| filter.search = Some("milk".parse().unwrap()),
        ];
        let bounds = [
            (Some(first), None),
            (Some(second), None),
            (None, Some(first)),
            (None, Some(second)),
        ];
        let ranges = bounds.map(|(after, before)| TimeRange { after, before });
        let mut filters = vec![TaskFilter::default()];
        for change in changes {
            for range in ranges {
                let mut filter = TaskFilter::default();
                change(&mut filter, range);
                if !filters.contains(&filter) {
                    filters.push(filter);
                }
            }
        }
        let texts: HashSet<String> = filters.iter().map(TaskFilter::to_string).collect();
        assert_eq!(filters.len(), 1 + 6 + 3 * ranges.len());
        assert_eq!(texts.len(), filters.len(), "no two are the same");
    }
}
