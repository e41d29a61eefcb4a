//! Trees of tasks: which may become a subtask of which.

use std::collections::{BTreeMap, BTreeSet};

/// Most levels of a tree; a task without subtasks is one.
pub const LEVELS_MAX: usize = 5;
/// Most tasks of a tree outside the trash.
pub const TREE_MAX: usize = 1000;

/// Tasks outside the trash and their subtasks.
#[derive(Debug, Clone, Default)]
pub struct Forest {
    parents: BTreeMap<i64, Option<i64>>,
    children: BTreeMap<i64, BTreeSet<i64>>,
}

/// How large a task is together with all below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub levels: usize,
    pub tasks: usize,
}

/// Why a task cannot become a subtask of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeFault {
    #[error("a task cannot be a subtask of itself or of a task below it")]
    Cycle,
    #[error("a tree of tasks has at most {LEVELS_MAX} levels")]
    TooDeep,
    #[error("a tree has at most {TREE_MAX} tasks outside the trash")]
    TooLarge,
}

impl Extent {
    /// Of a task without subtasks.
    pub const ONE: Self = Self {
        levels: 1,
        tasks: 1,
    };
}

impl Forest {
    /// Adds a task, or gives it another parent.
    pub fn insert(&mut self, id: i64, parent: Option<i64>) {
        self.remove(id);
        self.parents.insert(id, parent);
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().insert(id);
        }
    }

    /// Takes a task out. What is below it stays.
    pub fn remove(&mut self, id: i64) {
        let parent = self.parents.remove(&id).flatten();
        if let Some(siblings) = parent.and_then(|parent| self.children.get_mut(&parent)) {
            siblings.remove(&id);
        }
    }

    /// The direct subtasks of a task, in order of id.
    pub fn subtasks(&self, id: i64) -> impl Iterator<Item = i64> {
        self.children.get(&id).into_iter().flatten().copied()
    }

    /// All that is below a task, level by level.
    pub fn below(&self, id: i64) -> Vec<i64> {
        let mut found: Vec<i64> = self.subtasks(id).collect();
        let mut next = 0;
        while let Some(&id) = found.get(next) {
            found.extend(self.subtasks(id));
            next += 1;
        }
        found
    }

    /// How large the task is with all below it.
    pub fn extent(&self, id: i64) -> Extent {
        let mut extent = Extent {
            levels: 0,
            tasks: 0,
        };
        let mut level = vec![id];
        while !level.is_empty() {
            extent.levels += 1;
            extent.tasks += level.len();
            level = level.iter().flat_map(|id| self.subtasks(*id)).collect();
        }
        extent
    }

    /// Whether something as large as `extent` may become a subtask of `parent`; `id` is the task that moves, where it has
    /// an id.
    pub fn check(&self, id: Option<i64>, extent: Extent, parent: i64) -> Result<(), TreeFault> {
        let path = self.path(parent);
        if id.is_some_and(|id| path.contains(&id)) {
            return Err(TreeFault::Cycle);
        }
        if path.len() + extent.levels > LEVELS_MAX {
            return Err(TreeFault::TooDeep);
        }
        let root = path.last().copied().unwrap_or(parent);
        let is_in_tree = id.is_some_and(|id| self.path(id).last() == Some(&root));
        if !is_in_tree && self.extent(root).tasks + extent.tasks > TREE_MAX {
            return Err(TreeFault::TooLarge);
        }
        Ok(())
    }

    /// The task, its parent, and so on up to the top.
    fn path(&self, id: i64) -> Vec<i64> {
        let parent = |id: &i64| self.parents.get(id).copied().flatten();
        std::iter::successors(Some(id), parent).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn forest(links: &[(i64, Option<i64>)]) -> Forest {
        let mut forest = Forest::default();
        for (id, parent) in links {
            forest.insert(*id, *parent);
        }
        forest
    }

    #[test]
    fn a_chain_of_five_takes_no_sixth_and_no_cycle() {
        let chain = forest(&[
            (1, None),
            (2, Some(1)),
            (3, Some(2)),
            (4, Some(3)),
            (5, Some(4)),
        ]);
        assert_eq!(chain.below(1), [2, 3, 4, 5]);
        let check = |id, parent| chain.check(id, Extent::ONE, parent);
        assert_eq!(check(None, 5), Err(TreeFault::TooDeep));
        assert_eq!(check(None, 4), Ok(()));
        assert_eq!(
            chain.check(Some(2), chain.extent(2), 5),
            Err(TreeFault::Cycle)
        );
        assert_eq!(check(Some(2), 2), Err(TreeFault::Cycle));
        assert_eq!(
            chain.check(Some(3), chain.extent(3), 1),
            Ok(()),
            "one level up"
        );
    }

    #[test]
    fn a_tree_of_a_thousand_takes_no_more_but_moves_within_itself() {
        let mut full = forest(&[(1, None), (2, Some(1)), (5000, None)]);
        for id in 3..=TREE_MAX as i64 {
            full.insert(id, Some(2));
        }
        assert_eq!(
            full.extent(1),
            Extent {
                levels: 3,
                tasks: TREE_MAX
            }
        );
        assert_eq!(
            full.check(Some(5000), Extent::ONE, 1),
            Err(TreeFault::TooLarge)
        );
        assert_eq!(full.check(Some(3), Extent::ONE, 1), Ok(()));
        full.remove(4);
        assert_eq!(full.check(Some(5000), Extent::ONE, 1), Ok(()));
    }

    proptest! {
        /// Whatever is asked for, a forest that follows the check has no cycle and keeps its bounds.
        #[test]
        fn what_the_check_allows_keeps_the_bounds(moves in proptest::collection::vec((1i64..30, 0i64..30), 1..200)) {
            let mut forest = Forest::default();
            (1..30).for_each(|id| forest.insert(id, None));
            for (id, parent) in moves {
                let parent = (parent > 0).then_some(parent);
                let allowed = parent.is_none_or(|p| forest.check(Some(id), forest.extent(id), p).is_ok());
                if allowed {
                    forest.insert(id, parent);
                }
                let roots = (1..30).filter(|id| forest.parents[id].is_none());
                let extents: Vec<Extent> = roots.map(|root| forest.extent(root)).collect();
                prop_assert!(extents.iter().all(|extent| extent.levels <= LEVELS_MAX));
                prop_assert_eq!(extents.iter().map(|extent| extent.tasks).sum::<usize>(), 29, "no cycle");
            }
        }
    }
}
