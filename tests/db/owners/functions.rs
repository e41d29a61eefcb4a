//! Which functions the repositories have.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::source::{Token, tokens, without_tests};

/// The functions below `src/repositories` that are not private and take a connection that they may use,
/// such as `list::page::page`, in order.
pub fn all() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/repositories");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let module = path.strip_prefix(&root).unwrap().with_extension("");
            let module: Vec<&str> = module.iter().map(|part| part.to_str().unwrap()).collect();
            let text = fs::read_to_string(&path).unwrap();
            let names = functions(&text);
            found.extend(names.map(|name| format!("{}::{name}", module.join("::"))));
        }
    }
    found.sort_unstable();
    found
}

/// The names of those in a source file.
pub fn functions(text: &str) -> impl Iterator<Item = String> {
    let tokens = without_tests(&tokens(text));
    let words: Vec<String> = tokens
        .iter()
        .map(|token: &Token<'_>| token.text.to_owned())
        .collect();
    (0..words.len()).filter_map(move |at| taking_a_connection(&words, at))
}

/// The function whose `fn` is at `at`, if it is one of those.
fn taking_a_connection(words: &[String], at: usize) -> Option<String> {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    if word(at) != "fn" || !is_public(&words[..at]) {
        return None;
    }
    // Up to the body; only a connection that may be changed can be used.
    let header: Vec<&str> = (at..)
        .map(word)
        .take_while(|word| !["{", ""].contains(word))
        .collect();
    let connection = |window: &[&str]| {
        matches!(
            window,
            ["mut", "DbConn" | "PgConnection" | "SqliteConnection"]
        )
    };
    header
        .windows(2)
        .any(connection)
        .then(|| word(at + 1).to_owned())
}

/// Whether what stands before a `fn` says `pub` or `pub(…)`.
fn is_public(before: &[String]) -> bool {
    let start = before
        .iter()
        .rposition(|word| ["}", ";", "]", "{"].contains(&word.as_str()));
    before[start.map_or(0, |at| at + 1)..]
        .first()
        .is_some_and(|word| word == "pub")
}
