//! Ids of resources.

use std::str::FromStr;

use serde::Serialize;

use super::{value::schema, violation::Violation};

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

/// From paths and queries. An id has one spelling: `+7` and `007` are none.
impl FromStr for Id {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let id = text.parse().ok().and_then(Self::new);
        id.filter(|id| id.0.to_string() == text).ok_or_else(|| {
            let detail = format!("must be whole numbers from 1 to {}", Self::MAX);
            Violation::new("range", detail)
        })
    }
}

schema!(number Id, { "type": "integer", "format": "int64", "minimum": 1, "maximum": Self::MAX });
