//! Which tasks a list holds.

use std::{fmt, str::FromStr};

use super::{
    label::LabelName,
    priority::Priority,
    search::Search,
    status::Status,
    text::ExternalId,
    time::{TimeOrDate, UtcTime},
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

/// What must hold for a task, all of it. An empty list asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    pub status: Vec<Status>,
    pub priority: Vec<Priority>,
    /// Any of them.
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

    /// Whether it asks for anything.
    pub fn is_set(&self) -> bool {
        self.after.is_some() || self.before.is_some()
    }
}

impl TaskFilter {
    /// Whether it asks for anything.
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

/// A text that is the same for equal filters alone: what a cursor is bound to.
impl fmt::Display for TaskFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut status: Vec<&str> = self.status.iter().map(|status| status.as_str()).collect();
        let mut priority: Vec<&str> = self.priority.iter().map(|p| p.as_str()).collect();
        let mut labels: Vec<&str> = self.labels.iter().map(LabelName::as_str).collect();
        status.sort_unstable();
        priority.sort_unstable();
        labels.sort_unstable();
        let external_id = self.external_id.clone().map(ExternalId::into_inner);
        let words = self.search.as_ref().map(Search::words);
        write!(
            f,
            "{status:?}{priority:?}{labels:?}{external_id:?}{words:?}"
        )?;
        for range in [self.due, self.created, self.updated] {
            for bound in [range.after, range.before] {
                match bound {
                    Some(time) => write!(f, "/{time}")?,
                    None => f.write_str("/")?,
                }
            }
        }
        write!(f, "/{:?}", self.overdue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_each_value_once_and_no_gap() {
        let list = "todo,done,todo".parse::<CommaList<Status>>();
        assert_eq!(list, Ok(CommaList(vec![Status::Todo, Status::Done])));
        for wrong in ["", "todo,", ",todo", "todo,,done", "todo, done"] {
            assert!(wrong.parse::<CommaList<Status>>().is_err(), "{wrong:?}");
        }
        let many = |count: usize| {
            (0..count)
                .map(|n| n.to_string())
                .collect::<Vec<_>>()
                .join(",")
        };
        assert!(many(20).parse::<CommaList<LabelName>>().is_ok());
        assert!(many(21).parse::<CommaList<LabelName>>().is_err());
    }

    #[test]
    fn equal_filters_have_equal_texts() {
        let filter = |status: &str| TaskFilter {
            status: status.parse::<CommaList<Status>>().unwrap().0,
            ..TaskFilter::default()
        };
        assert_eq!(
            filter("todo,done").to_string(),
            filter("done,todo").to_string()
        );
        assert_ne!(filter("todo").to_string(), filter("done").to_string());
        assert_ne!(
            filter("todo").to_string(),
            TaskFilter::default().to_string()
        );
    }
}
