//! The order by hand, as far as moves are about it.

use std::{
    collections::BTreeSet,
    ops::Bound::{Excluded, Unbounded},
};

use crate::models::{order_key::OrderKey, task::Task};

/// Tasks by their place in the order: those next to which others are moved, and their neighbours.
#[derive(Default)]
pub struct Places(BTreeSet<(OrderKey, i64)>);

/// A place between others. Both sides begin with the nearest.
pub struct Gap {
    pub before: Vec<(OrderKey, i64)>,
    pub after: Vec<(OrderKey, i64)>,
}

impl Places {
    pub fn insert(&mut self, task: &Task) {
        self.0.insert((task.order_key(), task.id));
    }

    pub fn remove(&mut self, task: &Task) {
        self.0.remove(&(task.order_key(), task.id));
    }

    /// Adds neighbours, but for those of which `is_known` says that they have another place by now.
    pub fn extend(&mut self, found: Vec<(i64, OrderKey)>, is_known: impl Fn(i64) -> bool) {
        let new = found.into_iter().filter(|(id, _)| !is_known(*id));
        self.0.extend(new.map(|(id, key)| (key, id)));
    }

    /// The next `most` on either side of a task.
    pub fn around(&self, task: &Task, most: usize) -> Gap {
        let place = (task.order_key(), task.id);
        let before = self.0.range((Unbounded, Excluded(&place))).rev();
        let after = self.0.range((Excluded(&place), Unbounded));
        Gap {
            before: before.take(most).cloned().collect(),
            after: after.take(most).cloned().collect(),
        }
    }
}
