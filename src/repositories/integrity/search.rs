//! SQLite's inverted index against the tasks: each must have the entries that the triggers make, and
//! nothing else may have any.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
};

use diesel::{
    QueryResult, RunQueryDsl,
    connection::{DefaultLoadingMode, SimpleConnection},
    sql_types::{BigInt, Text},
};

use super::tasks::Indexed;
use crate::{db::DbConn, models::label::SEPARATOR, repositories::statement::Statement};

/// The entries of one task, whatever their order: there may be too many to hold those of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Digest {
    count: u32,
    sum: u64,
}

/// What the index holds, by the id of the task.
#[derive(Debug, Default)]
pub struct Index(HashMap<i64, Digest>);

impl Index {
    /// Reads the whole index. The table in which SQLite shows it is a temporary one of the connection.
    pub fn read(conn: &mut DbConn) -> QueryResult<Self> {
        conn.batch_execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.task_search_entries \
             USING fts5vocab(main, task_search, instance)",
        )?;
        let entries =
            Statement::<(Text, BigInt)>::new("SELECT term, doc FROM temp.task_search_entries");
        let mut index = Self::default();
        for entry in entries.load_iter::<(String, i64), DefaultLoadingMode>(conn)? {
            let (entry, task) = entry?;
            if says_something(&entry) {
                index.0.entry(task).or_default().add(&entry);
            }
        }
        Ok(index)
    }

    /// Takes the entries of `task` out and tells whether they are those that it must have.
    pub fn take(&mut self, task: &Indexed) -> bool {
        let mut expected = Digest::default();
        if !task.trashed {
            entries(task).iter().for_each(|entry| expected.add(entry));
        }
        self.0.remove(&task.id).unwrap_or_default() == expected
    }

    /// The ids whose entries nobody has taken, in order.
    pub fn rest(self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.0.into_keys().collect();
        ids.sort_unstable();
        ids
    }
}

impl Digest {
    fn add(&mut self, entry: &str) {
        let mut hasher = DefaultHasher::new();
        entry.hash(&mut hasher);
        self.count += 1;
        self.sum = self.sum.wrapping_add(hasher.finish());
    }
}

/// What the triggers write for a task (`migrations/sqlite`), cut as the index cuts it.
fn entries(task: &Indexed) -> BTreeSet<String> {
    let owner = task.user_id;
    let words = task.words.split(' ').map(|word| format!("{owner}{word}"));
    let labels = task.labels.split(SEPARATOR).map(|label| {
        let hex: String = label.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{owner}#{hex}")
    });
    let cut = |text: String| {
        let parts =
            text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !":.#".contains(c));
        parts.map(str::to_ascii_lowercase).collect::<Vec<_>>()
    };
    let entries = words.chain(labels).flat_map(cut);
    entries.filter(|entry| says_something(entry)).collect()
}

/// A task without words or labels may have the owner alone as an entry, or none at all: no search asks for
/// either.
fn says_something(entry: &str) -> bool {
    entry.contains([':', '.', '#']) && !entry.ends_with('#')
}
