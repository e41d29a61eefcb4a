//! README.md and docs/: commands that run as they stand, settings that exist, links that lead somewhere.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use regex::Regex;
use task_api::config::settings::{SETTINGS, Setting};

use crate::{
    cases,
    support::{operator::Operator, runner::Engine},
};

pub mod commands {
    use super::*;

    cases![unless missing; the_readme_runs, the_guide_runs];

    async fn the_readme_runs(operator: Operator) {
        run("README.md", &operator);
    }

    async fn the_guide_runs(operator: Operator) {
        run("docs/guide.md", &operator);
    }

    /// The documents use `--json`, which curl has since 7.82.
    fn missing() -> Option<&'static str> {
        let output = Command::new("curl").arg("--version").output();
        let version = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let mut numbers = version
            .iter()
            .flat_map(|text| text.split([' ', '.']).skip(1))
            .map_while(|number| number.parse::<u32>().ok());
        let new = (numbers.next(), numbers.next()) >= (Some(7), Some(82));
        (!new).then_some("the commands of the documents: there is no curl of 7.82 or newer")
    }
}

pub mod text {
    use super::*;

    cases![on Sqlite; every_setting_has_its_row, every_link_leads_somewhere];

    /// A row names a setting and its default; no row is left of a setting that is gone.
    async fn every_setting_has_its_row(_: Engine) {
        let page = read(Path::new("docs/settings.md"));
        let rows = Regex::new(r"(?m)^\| `([A-Z_]+)` \| (.*?) \|").unwrap();
        let rows: Vec<(&str, &str)> = rows
            .captures_iter(&page)
            .map(|row| row.extract().1.into())
            .collect();
        let expected: BTreeSet<String> = SETTINGS.iter().map(Setting::variable).collect();
        let found: BTreeSet<String> = rows.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(found, expected, "the rows of docs/settings.md");
        for setting in SETTINGS {
            let default = setting.default.filter(|default| !default.is_empty());
            let Some(default) = default.map(|default| format!("`{default}`")) else {
                continue;
            };
            let row = rows.iter().find(|(name, _)| *name == setting.variable());
            assert_eq!(row.unwrap().1, default, "{}", setting.variable());
        }
    }

    async fn every_link_leads_somewhere(_: Engine) {
        let link = Regex::new(r"\]\(([^)#]*)(?:#([^)]*))?\)").unwrap();
        for page in pages() {
            let text = read(&page);
            for found in link.captures_iter(&text) {
                let (file, anchor) = (&found[1], found.get(2));
                if file.starts_with("http") {
                    continue;
                }
                let target = if file.is_empty() {
                    page.clone()
                } else {
                    page.parent().unwrap().join(file)
                };
                let broken = format!("{}: {}", page.display(), &found[0]);
                assert!(root().join(&target).exists(), "{broken}");
                if let Some(anchor) = anchor {
                    assert!(anchors(&target).contains(anchor.as_str()), "{broken}");
                }
            }
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(page: &Path) -> String {
    fs::read_to_string(root().join(page)).expect("a page")
}

fn pages() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("docs")).expect("the folder docs");
    let pages = folder.map(|page| Path::new("docs").join(page.unwrap().file_name()));
    pages.chain([PathBuf::from("README.md")]).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &Path) -> BTreeSet<String> {
    let text = read(page);
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let names = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    names
        .map(|name| {
            name.chars()
                .filter(|char| char.is_alphanumeric() || " -_".contains(*char))
                .map(|char| if char == ' ' { '-' } else { char })
                .collect()
        })
        .collect()
}

/// A block of commands, and what it prints.
struct Block {
    commands: String,
    output: Option<String>,
}

/// The blocks of a page but those that run cargo. The output stands in a block of its own, right after the commands.
fn blocks(page: &str) -> Vec<Block> {
    let fence = Regex::new(r"(?s)```sh\n(.*?)```\n(?:\n```(?:json|text)\n(.*?)```\n)?").unwrap();
    let text = read(Path::new(page));
    let blocks = fence.captures_iter(&text).map(|found| Block {
        commands: found[1].to_owned(),
        output: found.get(2).map(|output| output.as_str().to_owned()),
    });
    blocks
        .filter(|block| !block.commands.contains("cargo"))
        .collect()
}

/// Runs the page's blocks in one shell against a service on an empty database.
fn run(page: &str, operator: &Operator) {
    const END: &str = "---- end of the block ----";
    let service = operator.start();
    let address = service.base.trim_start_matches("http://");
    let blocks = blocks(page);
    let script: String = blocks
        .iter()
        .map(|block| format!("{}\necho '{END}'\n", block.commands))
        .collect();
    let script = script.replace("localhost:8000", address);
    let mut shell = Command::new("sh")
        .arg("-e")
        .current_dir(&operator.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut input = shell.stdin.take().expect("its input");
    input.write_all(script.as_bytes()).expect("the script");
    drop(input);
    let output = shell.wait_with_output().expect("its output");
    let output = String::from_utf8(output.stdout).expect("text");
    let printed: Vec<&str> = output.split(END).collect();
    assert_eq!(printed.len(), blocks.len() + 1, "{page}: {output}");
    for (block, printed) in blocks.iter().zip(printed) {
        let expected = block.output.as_deref().unwrap_or_default();
        assert!(
            pattern(expected).is_match(&without_blanks(printed)),
            "{page} says of\n{}\nthat it prints\n{expected}\nand it printed\n{printed}",
            block.commands,
        );
    }
}

/// `…` stands for anything, as a whole member for one text.
fn pattern(output: &str) -> Regex {
    let output = regex::escape(&without_blanks(output))
        .replace("\"…\"", "\"[^\"]*\"")
        .replace('…', ".*");
    Regex::new(&format!("^{output}$")).unwrap()
}

fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}
