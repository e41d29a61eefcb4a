//! The values of random requests, so few that they clash.

use proptest::{prelude::Rng, test_runner::TestRng};

use super::memory::Row;

/// Title, its key in the order by title, its words.
pub const TITLES: &[(&str, &str, &[&str])] = &[
    ("Buy milk", "buy milk", &["buy", "milk"]),
    ("buy MILK", "buy milk", &["buy", "milk"]),
    ("Zebra", "zebra", &["zebra"]),
    ("apple", "apple", &["apple"]),
    ("Äpfel", "äpfel", &["apfel"]),
    ("Straße 1", "strasse 1", &["strasse", "1"]),
    ("STRASSE 1", "strasse 1", &["strasse", "1"]),
    ("10", "10", &["10"]),
    ("9", "9", &["9"]),
    (
        "2026-11-23T09:00:00Z",
        "2026-11-23t09:00:00z",
        &["2026", "11", "23t09", "00", "00z"],
    ),
    ("牛乳", "牛乳", &["牛", "乳"]),
    ("-- ' \" \\", "-- ' \" \\", &[]),
    ("🦀", "🦀", &["🦀"]),
    ("\u{ff21}", "\u{ff41}", &["a"]),
];
/// Description and its words.
pub const DESCRIPTIONS: &[(&str, &[&str])] = &[
    ("milk and honey", &["milk", "and", "honey"]),
    ("Apple", &["apple"]),
    ("", &[]),
    ("strasse", &["strasse"]),
];
/// A time as it is sent and as it is shown.
pub const DUES: &[(&str, &str)] = &[
    ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000000Z"),
    ("2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00.000000Z"),
    ("2020-01-01T00:00:00.5Z", "2020-01-01T00:00:00.500000Z"),
    ("2021-06-01T12:00:00Z", "2021-06-01T12:00:00.000000Z"),
    ("2099-12-31T23:59:59.999999Z", "2099-12-31T23:59:59.999999Z"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
];
pub const STATUSES: &[&str] = &["todo", "in_progress", "done", "cancelled"];
/// From the least to the most urgent.
pub const PRIORITIES: &[&str] = &["none", "low", "medium", "high", "urgent"];
pub const LABELS: &[&str] = &["a", "A", "b c", "ä/%", "\"\\'", "🦀"];
pub const NAMES: &[&str] = &["House", "house", " Work "];
pub const COLORS: &[&str] = &["#4073ff", "#FFAA00"];
pub const EXTERNAL_IDS: &[&str] = &["x", "y", "X-1"];
/// A member, a value that it cannot have, and the fault.
pub const FAULTS: &[(&str, &str, &str)] = &[
    ("title", "\" \"", "/title length"),
    ("title", "null", "/title null"),
    ("status", "\"later\"", "/status choice"),
    ("priority", "null", "/priority null"),
    ("due_at", "\"tomorrow\"", "/due_at format"),
    ("labels", "[\"a\",\"a \"]", "/labels/1 duplicate"),
    ("external_id", "\"\"", "/external_id length"),
    ("project_id", "\"1\"", "/project_id type"),
    ("blocked_by", "[7,8,7]", "/blocked_by/2 duplicate"),
    ("version", "1", "/version unknown"),
];

/// Random numbers that a seed repeats.
pub struct Dice(pub TestRng);

impl Dice {
    pub fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }

    /// `least` to `most` different values.
    pub fn some<T: Clone>(&mut self, values: &[T], least: usize, most: usize) -> Vec<T> {
        let mut left = values.to_vec();
        let count = least + self.below(most - least + 1);
        (0..count)
            .map(|_| left.remove(self.below(left.len())))
            .collect()
    }
}

/// Its row in [`TITLES`].
pub fn title(task: &Row) -> &'static (&'static str, &'static str, &'static [&'static str]) {
    let text = task.text("title").unwrap();
    TITLES
        .iter()
        .find(|(title, ..)| title.trim() == text)
        .expect("a known title")
}

/// The words of its description.
pub fn description(task: &Row) -> &'static [&'static str] {
    let text = task.text("description").unwrap_or("");
    DESCRIPTIONS
        .iter()
        .find(|(known, _)| *known == text)
        .expect("a known description")
        .1
}

/// Whether all words of the query are there, the last as a prefix.
pub fn matches(query: &[&str], words: &[&str]) -> bool {
    query.split_last().is_some_and(|(prefix, whole)| {
        whole.iter().all(|word| words.contains(word))
            && words.iter().any(|word| word.starts_with(prefix))
    })
}
