//! What a room (a top-level module of the library) may name.

use crate::source::{self, Path, Token};

/// Each room and the rooms that it may import from, beside itself.
pub const ROOMS: &[(&str, &[&str])] = &[
    ("lib", &[]),
    (
        "commands",
        &[
            "jobs",
            "config",
            "db",
            "error",
            "models",
            "openapi",
            "services",
            "startup",
            "telemetry",
        ],
    ),
    (
        "startup",
        &[
            "jobs",
            "config",
            "db",
            "error",
            "middleware",
            "openapi",
            "routes",
            "state",
            "telemetry",
        ],
    ),
    ("routes", &["controllers", "error", "middleware", "models"]),
    (
        "jobs",
        &["config", "db", "error", "models", "services", "telemetry"],
    ),
    (
        "controllers",
        &["content", "error", "models", "services", "state"],
    ),
    (
        "middleware",
        &[
            "config",
            "error",
            "models",
            "services",
            "state",
            "telemetry",
        ],
    ),
    (
        "openapi",
        &["config", "controllers", "error", "models", "routes"],
    ),
    (
        "services",
        &["db", "error", "hash_pool", "models", "repositories"],
    ),
    ("repositories", &["db", "models", "schema"]),
    ("db", &["config", "error", "queue", "telemetry"]),
    ("hash_pool", &["error", "queue", "telemetry"]),
    (
        "state",
        &[
            "config",
            "content",
            "db",
            "error",
            "hash_pool",
            "models",
            "services",
            "telemetry",
        ],
    ),
    ("models", &["schema"]),
    ("schema", &[]),
    ("telemetry", &["config", "error"]),
    ("content", &[]),
    ("queue", &[]),
    ("error", &[]),
    ("config", &[]),
];

/// The binary stands outside the library, so it imports what it needs by `task_api::`.
pub const BINARY: &str = "main";

/// The rooms that may know HTTP.
const HTTP: &[&str] = &[
    "controllers",
    "error",
    "middleware",
    "openapi",
    "routes",
    "startup",
    "state",
];

/// The rooms that may write queries, and so name all of Diesel.
const QUERIES: &[&str] = &["db", "models", "repositories", "schema"];

/// What the other rooms may name of Diesel: how a query or a connection fails, and what opens a
/// transaction.
const FAILURES: &[(&str, &str)] = &[
    ("error", "result"),
    ("services", "Connection"),
    ("services", "result"),
    ("startup", "ConnectionError"),
];

/// The file outside the services that opens transactions: the writer wraps what services do in the
/// commit that it shares among them, and what operators and migrations do.
const TRANSACTIONS: &[&str] = &["db/writer.rs"];

/// What `file` (a path below src) names against the rules, a line each.
pub fn violations(file: &str, text: &str) -> Vec<String> {
    let all = source::tokens(text);
    let tokens = source::without_tests(&all);
    let module: Vec<&str> = file
        .trim_end_matches(".rs")
        .trim_end_matches("/mod")
        .split('/')
        .collect();
    let room = module[0];
    let mut found: Vec<String> = source::paths(&tokens)
        .iter()
        .filter_map(|path| Some((path.line, forbidden(&module, path)?)))
        .map(|(line, what)| format!("src/{file}:{line}: {room} may not {what}"))
        .collect();
    if room != "services" && !TRANSACTIONS.contains(&file) {
        let lines = transactions(&tokens);
        found.extend(
            lines.map(|line| format!("src/{file}:{line}: {room} may not open transactions")),
        );
    }
    found
}

fn forbidden(module: &[&str], path: &Path<'_>) -> Option<String> {
    let room = module[0];
    if let Some(target) = target(module, &path.segments) {
        return (!may_import(room, target)).then(|| format!("import {target}"));
    }
    match path.segments[..] {
        ["paperclip", ..] => (!HTTP.contains(&room)).then(|| "name paperclip".to_owned()),
        [name, ..] if name.starts_with("actix_") => {
            (!HTTP.contains(&room)).then(|| format!("name {name}"))
        }
        ["diesel", ref rest @ ..] if !QUERIES.contains(&room) => {
            let name = rest.first().copied().unwrap_or("all");
            (!FAILURES.contains(&(room, name))).then(|| format!("name diesel::{name}"))
        }
        _ => None,
    }
}

/// The room that a path leads into, `None` where it stays below the file's own room or leaves the
/// crate. `super` is counted from the file, so one in an inline module may be reported wrongly,
/// but never passes wrongly.
fn target<'a>(module: &[&str], segments: &[&'a str]) -> Option<&'a str> {
    if let ["crate", name, ..] = segments {
        return Some(name);
    }
    let ups = segments.iter().skip_while(|name| **name == "self");
    let ups = ups.take_while(|name| **name == "super").count();
    let selves = segments.iter().take_while(|name| **name == "self").count();
    let beyond = segments.get(selves + ups).copied().unwrap_or("*");
    (ups >= module.len()).then_some(beyond)
}

fn may_import(room: &str, target: &str) -> bool {
    let row = ROOMS.iter().find(|(name, _)| *name == room);
    target == room || row.is_some_and(|(_, allowed)| allowed.contains(&target))
}

/// The lines of calls such as `.transaction(…)`, `.immediate_transaction::<…>(…)` and
/// `Connection::transaction(…)`.
fn transactions(tokens: &[Token<'_>]) -> impl Iterator<Item = usize> {
    tokens.windows(3).filter_map(|window| {
        let [before, name, behind] = window else {
            return None;
        };
        let called = matches!(before.text, "." | "::") && matches!(behind.text, "(" | "::");
        (called && name.text.ends_with("transaction")).then_some(name.line)
    })
}

/// The lines of a `mod.rs` on which something else begins than a module or a `pub use`.
pub fn strays(text: &str) -> Vec<usize> {
    let tokens = source::tokens(text);
    let statements = tokens.split_inclusive(|token| token.text == ";");
    statements
        .filter(|statement| !is_listing(statement))
        .map(|statement| statement[0].line)
        .collect()
}

fn is_listing(statement: &[Token<'_>]) -> bool {
    let words: Vec<&str> = statement.iter().map(|token| token.text).collect();
    // `#[path = "…"]`: the literal is no token.
    let words = words
        .strip_prefix(&["#", "[", "path", "=", "]"])
        .unwrap_or(&words);
    let (public, words) = match words {
        ["pub", "(", _, ")", rest @ ..] | ["pub", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    matches!(words, ["mod", _, ";"]) || (public && matches!(words, ["use", .., ";"]))
}
