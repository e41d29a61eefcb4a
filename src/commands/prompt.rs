//! Secrets and confirmations: asked for on a terminal, read from standard input elsewhere. Arguments
//! would show in the list of processes and in the shell's history.

use std::io::{self, IsTerminal};

use crate::models::{password::Password, text::without_byte_order_mark, violation::Violation};

/// A new password: typed twice on a terminal, where it does not show; elsewhere the first line of
/// standard input.
pub fn new_password() -> Result<Password, String> {
    let typed = if io::stdin().is_terminal() {
        typed_twice()?
    } else {
        line()?.ok_or("standard input is empty: the password is to be its first line")?
    };
    typed
        .parse()
        .map_err(|violation: Violation| format!("the password {}", violation.detail))
}

/// Asks on a terminal to type `word`, after `warning`. Errors: another text was typed, or there is no terminal.
pub fn confirm(warning: &str, word: &str) -> Result<(), String> {
    if !io::stdin().is_terminal() {
        return Err(
            "standard input is not a terminal, so that nothing can be confirmed: add --yes"
                .to_owned(),
        );
    }
    eprint!("{warning} Type {word} to confirm: ");
    let typed = line()?.unwrap_or_default();
    if typed.trim().eq_ignore_ascii_case(word) {
        return Ok(());
    }
    Err("the answer does not match: nothing was changed".to_owned())
}

fn typed_twice() -> Result<String, String> {
    let ask = |prompt| {
        rpassword::prompt_password(prompt)
            .map_err(|error| format!("cannot read the password: {error}"))
    };
    let typed = ask("New password: ")?;
    if ask("Again: ")? != typed {
        return Err("the two passwords differ".to_owned());
    }
    Ok(typed)
}

/// The first line of standard input without its end (one line feed, or carriage return and line feed) and without a
/// byte order mark, which a file may begin with: blanks may belong to a password. `None` where there is none.
fn line() -> Result<Option<String>, String> {
    let line = io::stdin().lines().next().transpose();
    let line = line.map_err(|error| format!("cannot read standard input: {error}"))?;
    Ok(line.map(|line| without_byte_order_mark(&line).to_owned()))
}
