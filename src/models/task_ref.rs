//! How the operations of a batch name tasks.

use serde::Serialize;

use super::{id::Id, value::schema};

/// The name, in a batch, of a task that it creates: -1 to -100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemporaryId(i64);

impl TemporaryId {
    /// The least one.
    pub const MIN: i64 = -100;

    /// `None` where the number is out of bounds.
    pub fn new(number: i64) -> Option<Self> {
        (Self::MIN..0).contains(&number).then_some(Self(number))
    }

    /// The number itself.
    pub fn get(self) -> i64 {
        self.0
    }
}

schema!(number TemporaryId, { "type": "integer", "format": "int64", "minimum": Self::MIN, "maximum": -1 });

/// A task in a batch: its id, or the temporary one of a task that an earlier operation creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TaskRef(i64);

impl TaskRef {
    /// `None` where the number is out of bounds.
    pub fn new(number: i64) -> Option<Self> {
        let id = Id::new(number).map(Id::get);
        let id = id.or_else(|| TemporaryId::new(number).map(TemporaryId::get));
        id.map(Self)
    }

    /// The number itself.
    pub fn get(self) -> i64 {
        self.0
    }
}

schema!(number TaskRef, {
    "type": "integer",
    "format": "int64",
    "minimum": TemporaryId::MIN,
    "maximum": Id::MAX,
    "not": { "enum": [0] },
});
