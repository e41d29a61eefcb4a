//! What comes back from the trash together.

use super::tree::{Extent, Forest};

/// A task of the trash and all below it that went there in the same deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restoration {
    /// The task itself first, then level by level.
    pub ids: Vec<i64>,
    pub extent: Extent,
}

impl Restoration {
    /// Of the task `id`; `deletion` are the tasks of its deletion that are in the trash still, each with its parent. Where
    /// a task between has been restored or purged since, what was below that stays.
    pub fn of(id: i64, deletion: impl IntoIterator<Item = (i64, Option<i64>)>) -> Self {
        let mut trashed = Forest::default();
        for (task, parent) in deletion {
            trashed.insert(task, parent);
        }
        let mut ids = vec![id];
        ids.extend(trashed.below(id));
        Self {
            ids,
            extent: trashed.extent(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_below_comes_back_but_not_what_hung_on_a_gap() {
        let deletion = [
            (1, None),
            (2, Some(1)),
            (3, Some(2)),
            (5, Some(4)),
            (6, Some(1)),
        ];
        let whole = Restoration::of(1, deletion);
        assert_eq!(whole.ids, [1, 2, 6, 3], "4 is gone, and 5 hung on it");
        assert_eq!((whole.extent.levels, whole.extent.tasks), (3, 4));
        assert_eq!(Restoration::of(2, deletion).ids, [2, 3]);
        assert_eq!(
            Restoration::of(9, []).extent,
            Extent::ONE,
            "one that went alone"
        );
    }
}
