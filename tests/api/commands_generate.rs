//! `task-api openapi`, `completions`, `man` and `help`: what the binary knows by itself.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use clap::CommandFactory;
use task_api::{commands::Cli, config::settings::SETTINGS};
use tempfile::tempdir;

use crate::{
    cases,
    support::{app::TestApp, process, runner::Engine},
};

cases![
    on Sqlite;
    the_document_is_what_a_service_serves,
    completions_know_every_command,
    bash_reads_its_completions,
    the_manual_has_every_command_and_setting,
    every_command_has_a_page,
    every_command_is_explained_with_an_example,
    the_short_help_has_one_line_a_command,
];

/// The output of a command in an environment that stops every other.
#[track_caller]
fn printed(arguments: &[&str]) -> String {
    let folder = tempdir().unwrap();
    let bad = [
        ("APP_SERVR__PORT", "1"),
        ("DATABASE_URL", "postgres://127.0.0.1:1/none"),
        ("APP_ENVIRONMENT", "production"),
    ];
    let output = process::output(folder.path(), arguments, &bad);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "no file is left behind");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that do something, each as what is typed behind `task-api`.
fn commands() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, path: &[String]) -> Vec<Vec<String>> {
        let parts = command.get_subcommands().map(|sub| {
            let path = [path, &[sub.get_name().to_owned()]].concat();
            if sub.has_subcommands() {
                below(sub, &path)
            } else {
                vec![path]
            }
        });
        parts.flatten().collect()
    }
    below(&Cli::command(), &[])
}

async fn the_document_is_what_a_service_serves(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("{}/openapi.json", app.base)).send().await;
    let served = answer.unwrap().text().await.unwrap();
    assert!(served.starts_with("{\"openapi\""), "{served:.100}");
    assert!(printed(&["openapi"]) == served, "the same bytes");
}

async fn completions_know_every_command(_: Engine) {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&["completions", shell]);
        for name in commands().iter().flatten() {
            assert!(script.contains(name.as_str()), "{name} for {shell}");
        }
    }
    let folder = tempdir().unwrap();
    let output = process::output(folder.path(), &["completions", "cmd"], &[]);
    assert_eq!(output.status.code(), Some(2));
}

async fn bash_reads_its_completions(_: Engine) {
    let typed = "
        COMP_WORDS=(task-api migrate re) COMP_CWORD=2
        complete=$(complete -p task-api)
        complete=${complete#*-F }
        ${complete%% *} task-api re migrate
        echo \"${COMPREPLY[@]}\"";
    let script = printed(&["completions", "bash"]) + typed;
    let mut bash = Command::new("bash");
    let bash = bash.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut bash = bash.stderr(Stdio::piped()).spawn().unwrap();
    bash.stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = bash.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "revert\n");
}

async fn the_manual_has_every_command_and_setting(_: Engine) {
    let manual = printed(&["man"]).replace("\\-", "-");
    for setting in SETTINGS {
        // A line that begins with a blank is a line of its own on the page.
        let line = format!("\n  {} ", setting.variable());
        assert!(manual.contains(&line), "{line}");
    }
    for command in Cli::command().get_subcommands() {
        let title = format!("task-api-{}(1)", command.get_name());
        assert!(manual.contains(&title), "{title}");
    }
    for section in ["NAME", "SYNOPSIS", "OPTIONS", "SUBCOMMANDS"] {
        assert!(manual.contains(&format!("\n.SH {section}\n")), "{section}");
    }
    assert!(manual.contains("Exit status:"), "{manual}");
}

async fn every_command_has_a_page(_: Engine) {
    let folder = tempdir().unwrap();
    let pages = folder.path().join("deep/man1");
    printed(&["man", "--dir", pages.to_str().unwrap()]);
    for command in commands() {
        let name = format!("task-api-{}", command.join("-"));
        let page = fs::read_to_string(pages.join(format!("{name}.1"))).expect(&name);
        assert!(page.contains(&format!(".TH {name} 1")), "{page:.200}");
    }
    let main = fs::read_to_string(pages.join("task-api.1")).unwrap();
    assert!(main.contains("APP_SERVER__PORT"), "{main:.200}");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let arguments = ["man", "--dir", file.to_str().unwrap()];
    let output = process::output(folder.path(), &arguments, &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("task-api: cannot write to "), "{said}");
}

async fn every_command_is_explained_with_an_example(_: Engine) {
    for command in commands() {
        let mut arguments = vec!["help"];
        arguments.extend(command.iter().map(String::as_str));
        let help = printed(&arguments);
        let typed = format!("task-api {}", command.join(" "));
        let examples = help
            .lines()
            .filter(|line| !line.starts_with("Usage:") && line.contains(&typed));
        assert!(examples.count() > 0, "an example in:\n{help}");
    }
}

async fn the_short_help_has_one_line_a_command(_: Engine) {
    let help = printed(&["-h"]);
    for command in Cli::command().get_subcommands() {
        let start = format!("  {} ", command.get_name());
        let lines = help.lines().filter(|line| line.starts_with(&start));
        assert_eq!(lines.count(), 1, "{} in:\n{help}", command.get_name());
    }
    assert!(help.lines().all(|line| line.len() <= 100), "{help}");
    assert!(!help.contains("APP_SERVER__PORT"), "{help}");
}
