//! Dependencies: the tasks by which a task is blocked.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Text};
use serde::{Serialize, Serializer};

use super::value::stored;

/// Most tasks that a task may name as blockers.
pub const BLOCKERS_MAX: usize = 20;

/// Among so many tasks that block a task, directly or not, a cycle is looked for.
pub const SEARCH_MAX: usize = 1000;

/// Why a task cannot be blocked by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockerFault {
    #[error("a task cannot be blocked by itself or by a task that it blocks, directly or not")]
    Cycle,
    #[error("more than {SEARCH_MAX} tasks would block the task, directly or not")]
    TooMany,
}

/// The ids of the tasks that a task names as blockers, each once, in ascending order. Stored as one text, with commas
/// between.
#[derive(Debug, Clone, Default, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Blockers(String);

impl Blockers {
    /// The ids in their order.
    pub fn ids(&self) -> impl Iterator<Item = i64> {
        // The text is made of ids alone.
        self.0.split(',').filter_map(|id| id.parse().ok())
    }

    /// Whether it names none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Looks for a cycle: whether the task `id` blocks one of `blockers`, directly or not. `blockers_of` gives the tasks by
/// which another is blocked.
pub fn check_cycle<I: IntoIterator<Item = i64>>(
    id: i64,
    blockers: impl IntoIterator<Item = i64>,
    blockers_of: impl Fn(i64) -> I,
) -> Result<(), BlockerFault> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<i64> = blockers.into_iter().collect();
    while let Some(next) = open.pop() {
        if next == id {
            return Err(BlockerFault::Cycle);
        }
        if seen.insert(next) {
            open.extend(blockers_of(next));
        }
        if seen.len() > SEARCH_MAX {
            return Err(BlockerFault::TooMany);
        }
    }
    Ok(())
}

/// Of the tasks with blockers, those that no order has after their blockers: the cycles, and what they block.
pub fn in_cycles(tasks: &[(i64, Blockers)]) -> Vec<i64> {
    let mut blocks: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut waits_for: BTreeMap<i64, usize> = BTreeMap::new();
    for (id, blockers) in tasks {
        waits_for.insert(*id, blockers.ids().count());
        for blocker in blockers.ids() {
            blocks.entry(blocker).or_default().push(*id);
        }
    }
    let blockers = blocks.keys().copied();
    let mut free: Vec<i64> = blockers.filter(|id| !waits_for.contains_key(id)).collect();
    while let Some(blocker) = free.pop() {
        for id in blocks.remove(&blocker).unwrap_or_default() {
            if let Some(left) = waits_for.get_mut(&id) {
                *left -= 1;
                if *left == 0 {
                    waits_for.remove(&id);
                    free.push(id);
                }
            }
        }
    }
    waits_for.into_keys().collect()
}

impl FromIterator<i64> for Blockers {
    fn from_iter<I: IntoIterator<Item = i64>>(ids: I) -> Self {
        let mut ids: Vec<i64> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
        Self(ids.join(","))
    }
}

impl Serialize for Blockers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.ids())
    }
}

stored!(Blockers as Text, |blockers| blockers.0.as_str() => str, |ids: String| Ok(Self(ids)));

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_kept_once_in_their_order() {
        let blockers: Blockers = [10, 9, 10, 101].into_iter().collect();
        assert_eq!(blockers.ids().collect::<Vec<_>>(), [9, 10, 101]);
        assert!(Blockers::default().is_empty() && !blockers.is_empty());
    }

    #[test]
    fn a_long_chain_is_refused_unless_it_ends_soon() {
        let chain = |length: i64| check_cycle(0, [1], move |id| (id < length).then_some(id + 1));
        assert_eq!(chain(1000), Ok(()));
        assert_eq!(chain(1001), Err(BlockerFault::TooMany));
        let around = |id| Some(if id == 999 { 0 } else { id + 1 });
        assert_eq!(check_cycle(0, [1], around), Err(BlockerFault::Cycle));
    }

    proptest! {
        /// Edges that are only added where the check allows it leave an order: each task after its blockers.
        #[test]
        fn what_the_check_allows_has_an_order(edges in proptest::collection::vec((0i64..12, 0i64..12), 0..80)) {
            let mut blockers = vec![Vec::new(); 12];
            for (id, blocker) in edges {
                let of = |id: i64| blockers[id as usize].clone();
                if check_cycle(id, [blocker], of).is_ok() {
                    blockers[id as usize].push(blocker);
                }
            }
            let mut done = BTreeSet::new();
            for _ in 0..12 {
                let free = |id: &i64| blockers[*id as usize].iter().all(|b| done.contains(b));
                let next: Vec<i64> = (0..12).filter(free).collect();
                done.extend(next);
            }
            prop_assert_eq!(done.len(), 12);
            let blocked = blockers.iter().enumerate().filter(|(_, ids)| !ids.is_empty());
            let blocked = blocked.map(|(id, ids)| (id as i64, ids.iter().copied().collect()));
            let mut blocked: Vec<(i64, Blockers)> = blocked.collect();
            prop_assert_eq!(in_cycles(&blocked), [0; 0]);
            // Two tasks of a cycle, and one that waits for it.
            blocked.extend([(20, 21), (21, 20), (22, 20)].map(|(id, blocker)| (id, [blocker].into_iter().collect())));
            prop_assert_eq!(in_cycles(&blocked), [20, 21, 22]);
        }
    }
}
