//! Fails on what the layers forbid (`src/lib.rs` draws them), naming file and line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "architecture/itself.rs"]
mod itself;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/source.rs"]
mod source;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use rules::{BINARY, ROOMS, strays, violations};

/// More than this, and a file is about more than one thing.
const MOST_LINES: usize = 400;

/// A file below `folder`: its path from there, and its text.
struct File {
    name: String,
    text: String,
}

/// Every Rust file below `folder`, in order.
fn files(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(File {
                    name: path.strip_prefix(&root).unwrap().display().to_string(),
                    text: fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    found
}

/// The files of the product: all but those that a `#[cfg(test)]` module of a neighbour loads.
fn product() -> Vec<File> {
    let all = files("src");
    let is_test = |file: &File| {
        let (folder, name) = file.name.rsplit_once('/').unwrap_or(("", &file.name));
        let declared = format!("#[cfg(test)]\n#[path = \"{name}\"]\nmod ");
        all.iter()
            .filter(|other| other.name.rsplit_once('/').map_or("", |parts| parts.0) == folder)
            .any(|other| other.text.contains(&declared))
    };
    let tests: BTreeSet<String> = all
        .iter()
        .filter(|file| is_test(file))
        .map(|file| file.name.clone())
        .collect();
    all.into_iter()
        .filter(|file| !tests.contains(&file.name))
        .collect()
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_file_names_what_the_rules_forbid() {
    let found: Vec<String> = product()
        .iter()
        .flat_map(|file| violations(&file.name, &file.text))
        .collect();
    assert_none(&found);
}

#[test]
fn the_rules_know_every_room_and_no_other() {
    let rooms: BTreeSet<String> = product()
        .iter()
        .map(|file| file.name.split(['/', '.']).next().unwrap().to_owned())
        .collect();
    let known = ROOMS.iter().map(|(name, _)| *name).chain([BINARY]);
    assert_eq!(rooms, known.map(str::to_owned).collect());
}

#[test]
fn no_file_is_too_long() {
    let mut found = Vec::new();
    for folder in ["src", "tests"] {
        for file in files(folder) {
            let lines = file.text.lines().count();
            if lines > MOST_LINES {
                found.push(format!(
                    "{folder}/{}: {lines} lines, over {MOST_LINES}",
                    file.name
                ));
            }
        }
    }
    assert_none(&found);
}

#[test]
fn mod_files_only_list_modules() {
    let mut found = Vec::new();
    for folder in ["src", "tests"] {
        for file in files(folder).iter().filter(|f| f.name.ends_with("/mod.rs")) {
            for line in strays(&file.text) {
                found.push(format!("{folder}/{}:{line}: only modules here", file.name));
            }
        }
    }
    assert_none(&found);
}
