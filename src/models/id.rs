//! Ids of resources.

use serde::Serialize;

use super::value::schema;

/// A positive integer that every JSON parser keeps exactly (RFC 8259 section 6). Versions are numbers like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Id(i64);

impl Id {
    /// 2^53 - 1.
    pub const MAX: i64 = 9_007_199_254_740_991;

    /// `None` where the number is out of bounds.
    pub fn new(number: i64) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// The number itself.
    pub fn get(self) -> i64 {
        self.0
    }
}

schema!(number Id, { "type": "integer", "format": "int64", "minimum": 1, "maximum": Self::MAX });
