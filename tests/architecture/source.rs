//! Rust source as tokens: enough to see every path that it names, and on which line.

use std::sync::LazyLock;

use regex::Regex;

/// What is no code (group 1), or one token. Raw strings come before names, for their `r` would pass
/// for one; a lifetime is two tokens, its quote and its name.
static LEXEME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r####"(?sx)
        (
            //[^\n]* | /\*.*?\*/ | \s+
          | [bc]?r"[^"]*" | [bc]?r\#".*?"\# | [bc]?r\#\#".*?"\#\#
          | [bc]?"(?:\\.|[^"\\])*" | b?'(?:\\.[^']*|[^'\\])'
        )
        | :: | \w+ | .
        "####,
    )
    .unwrap()
});

/// A name, a number, `::`, or one other character.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    pub text: &'a str,
    pub line: usize,
}

/// A path as it would be written without braces.
#[derive(Debug)]
pub struct Path<'a> {
    pub segments: Vec<&'a str>,
    pub line: usize,
}

pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut line = 1;
    for lexeme in LEXEME.captures_iter(source) {
        let text = lexeme.get(0).unwrap().as_str();
        if lexeme.get(1).is_none() {
            tokens.push(Token { text, line });
        }
        line += text.matches('\n').count();
    }
    tokens
}

/// `tokens` without the items that `#[cfg(test)]` keeps out of the product.
pub fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let ahead = tokens[at..].iter().map(|token| token.text);
        if ahead.take(CFG_TEST.len()).eq(CFG_TEST) {
            at = behind_item(tokens, at + CFG_TEST.len());
        } else {
            kept.push(*token);
            at += 1;
        }
    }
    kept
}

/// The index behind the item that begins at `start`.
fn behind_item(tokens: &[Token<'_>], start: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(token.text, "}" | ";") {
            return at + 1;
        }
    }
    tokens.len()
}

/// Every path, in imports and in expressions; one for each leaf of a `use` tree.
pub fn paths<'a>(tokens: &[Token<'a>]) -> Vec<Path<'a>> {
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at = if is_name(tokens, at) {
            expand(tokens, at, &[], &mut paths)
        } else {
            at + 1
        };
    }
    paths
}

/// Reads the path or `use` tree at `at`, which stands behind `prefix`; returns the index behind it.
fn expand<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    prefix: &[&'a str],
    paths: &mut Vec<Path<'a>>,
) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.line);
    loop {
        if text(tokens, at) == "{" && !segments.is_empty() {
            return expand_group(tokens, at + 1, &segments, paths);
        }
        if !is_name(tokens, at) && text(tokens, at) != "*" {
            break;
        }
        segments.push(tokens[at].text);
        at += 1;
        if text(tokens, at) != "::" {
            break;
        }
        at += 1;
    }
    paths.push(Path { segments, line });
    at
}

fn expand_group<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    prefix: &[&'a str],
    paths: &mut Vec<Path<'a>>,
) -> usize {
    while at < tokens.len() {
        at = match text(tokens, at) {
            "}" => return at + 1,
            // `use a::{b as c}`: `c` is not a part of any path.
            "as" => at + 2,
            "*" => expand(tokens, at, prefix, paths),
            _ if is_name(tokens, at) => expand(tokens, at, prefix, paths),
            _ => at + 1,
        };
    }
    at
}

fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

fn is_name(tokens: &[Token<'_>], at: usize) -> bool {
    text(tokens, at).starts_with(|c: char| c.is_alphabetic() || c == '_')
}
