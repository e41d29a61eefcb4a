//! The page of `task-api --help`: the commands by what one wants to do.

use clap::{Command, Subcommand};

/// What people want to do, and the commands for it.
const GROUPS: &[(&str, &[&str])] = &[
    ("Run the service", &["serve", "healthcheck"]),
    ("Look after it", &["doctor", "migrate"]),
    (
        "Look after the data",
        &["backup", "verify", "restore", "copy"],
    ),
    ("Look after accounts", &["user"]),
    ("For tools and shells", &["openapi", "completions", "man"]),
];

/// Where a command goes that is in no group.
const OTHERS: &str = "More";

/// What stands around the list of commands, in clap's language of templates.
const HEAD: &str = "{before-help}{name} {version}: {about}\n\n{usage-heading} {usage}\n";
const TAIL: &str = "
`task-api help COMMAND` explains a command, with examples; `task-api --help` lists the settings too.

Options:
{options}{after-help}
";

/// The page as a template, with each command of `S` in one line.
pub fn template<S: Subcommand>() -> String {
    let commands = S::augment_subcommands(Command::new("task-api"));
    let groups: String = groups(&commands)
        .into_iter()
        .map(|(title, commands)| format!("\n{title}:\n{}", commands.concat()))
        .collect();
    format!("{HEAD}{groups}{TAIL}")
}

/// The titles and the lines of the commands below them; none is empty.
fn groups(commands: &Command) -> Vec<(&'static str, Vec<String>)> {
    let titles = GROUPS.iter().map(|(title, _)| *title).chain([OTHERS]);
    titles
        .map(|title| (title, lines(commands, title)))
        .filter(|(_, lines)| !lines.is_empty())
        .collect()
}

fn lines(commands: &Command, title: &str) -> Vec<String> {
    let in_group = |command: &&Command| title_of(command.get_name()) == title;
    let shown = commands.get_subcommands().filter(in_group);
    shown
        .map(|command| {
            let about = command.get_about().map(ToString::to_string);
            format!(
                "  {:<13}{}\n",
                command.get_name(),
                about.unwrap_or_default()
            )
        })
        .collect()
}

fn title_of(name: &str) -> &'static str {
    let mut groups = GROUPS.iter();
    let group = groups.find(|(_, names)| names.contains(&name));
    group.map_or(OTHERS, |(title, _)| title)
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::{GROUPS, OTHERS, groups, title_of};
    use crate::commands::Cli;

    #[test]
    fn every_command_is_in_a_group_and_every_name_a_command() {
        let cli = Cli::command();
        let names: Vec<&str> = cli.get_subcommands().map(Command::get_name).collect();
        for name in &names {
            assert_ne!(title_of(name), OTHERS, "{name}");
        }
        for name in GROUPS.iter().flat_map(|(_, names)| *names) {
            assert!(names.contains(name), "{name}");
        }
    }

    #[test]
    fn a_command_of_no_group_is_shown_all_the_same() {
        let commands = Command::new("x")
            .subcommand(Command::new("serve").about("A"))
            .subcommand(Command::new("stray").about("B"));
        let expected = [
            ("Run the service", vec!["  serve        A\n".to_owned()]),
            (OTHERS, vec!["  stray        B\n".to_owned()]),
        ];
        assert_eq!(groups(&commands), expected);
    }
}
