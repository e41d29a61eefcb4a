//! The arms of a range: an index that begins with status and priority holds it in parts.

use super::access::Access;
use crate::{
    models::{priority::Priority, status::Status},
    repositories::statement::Statement,
};

/// The part of a range that has one status and one priority, where the index begins with them.
pub type Arm = (Option<Told<Status>>, Option<Told<Priority>>);

/// How an arm is told its value.
#[derive(Clone, Copy)]
pub enum Told<T> {
    Value(T),
    /// By the list of arms that it is joined to.
    ByArm,
}

/// The arms of a range that is read so.
pub fn arms(access: &Access) -> Vec<Arm> {
    let Access::Walk {
        statuses,
        priorities,
        ..
    } = access
    else {
        return vec![(None, None)];
    };
    let statuses = each(statuses).into_iter();
    statuses
        .flat_map(|status| {
            let priorities = each(priorities).into_iter();
            priorities.map(move |priority| (status, priority))
        })
        .collect()
}

/// Each value, or none of them once.
fn each<T: Copy>(values: &[T]) -> Vec<Option<Told<T>>> {
    match values {
        [] => vec![None],
        values => values.iter().map(|v| Some(Told::Value(*v))).collect(),
    }
}

/// A row of the list of arms.
pub fn push_values<Row>(statement: &mut Statement<Row>, (status, priority): &Arm) {
    statement.sql("(");
    match status {
        Some(Told::Value(status)) => statement.text(status.as_str()),
        _ => statement.nullable_text(None),
    };
    statement.sql(", ");
    match priority {
        Some(Told::Value(priority)) => statement.small(priority.rank()),
        _ => statement.sql("NULL::smallint"),
    };
    statement.sql(")");
}
