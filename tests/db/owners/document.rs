//! The table of `docs/scaling.md` that says where each function's statements go.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{
    checker::Found,
    tables::{NOBODYS, OWNED, UNKEYED, USERS},
};

const START: &str = "<!-- statements: tests/db/owners -->\n";
const END: &str = "<!-- end of statements -->";

/// The table as it stands in the document.
pub fn committed() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scaling.md");
    let text = fs::read_to_string(path).expect("docs/scaling.md");
    let (_, rest) = text.split_once(START).expect("the start of the table");
    rest.split_once(END)
        .expect("the end of the table")
        .0
        .to_owned()
}

/// The table as the functions make it true: what each touches, taken together.
pub fn table(functions: &BTreeMap<String, Found>) -> String {
    let mut text = "| function | tables | where |\n|---|---|---|\n".to_owned();
    for (function, found) in functions {
        let tables = match found.tables.is_empty() {
            true => "none".to_owned(),
            false => found
                .tables
                .iter()
                .map(|table| format!("`{table}`"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        text.push_str(&format!(
            "| `{function}` | {tables} | {} |\n",
            place(function, found)
        ));
    }
    text
}

fn place(function: &str, found: &Found) -> String {
    let about = |tables: &[&str]| {
        found
            .tables
            .iter()
            .any(|table| tables.contains(&table.as_str()))
    };
    let mut places = BTreeSet::new();
    if let Some((_, reason)) = UNKEYED.iter().find(|(name, _)| *name == function) {
        return format!("all shards ({reason})");
    }
    if about(OWNED) {
        places.insert(match (found.wrapped, found.by_rows) {
            (true, _) => "one shard; some shapes say `(user_id = …) IS TRUE`",
            (_, true) => "one shard; the owner is in the rows",
            _ => "one shard",
        });
    }
    if about(&[USERS]) {
        places.insert("reference table");
    }
    if about(NOBODYS) || found.tables.is_empty() {
        places.insert("coordinator");
    }
    places.into_iter().collect::<Vec<_>>().join(", ")
}
