//! `task-api man`: the manual, from the definitions of the commands and the table of settings.

use std::{fs, io, path::PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::{Cli, output};
use crate::config::table;

/// Where the pages go.
#[derive(Args)]
pub struct ManPages {
    /// A folder for one page a command, made where there is none
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// What one page is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// One command; those below it have pages of their own.
    One,
    /// A command and all below it.
    All,
}

impl ManPages {
    /// Prints one page with all commands, or writes one a command. Errors: what cannot be written.
    pub fn run(&self) -> Result<(), String> {
        let mut cli = Cli::command().disable_help_subcommand(true);
        cli.build();
        let Some(dir) = &self.dir else {
            let page = page(&cli, Extent::All).map_err(|error| error.to_string())?;
            return output::write(&String::from_utf8_lossy(&page)).map(|_| ());
        };
        fs::create_dir_all(dir)
            .and_then(|()| write_pages(&cli, dir))
            .map_err(|error| format!("cannot write to {}: {error}", dir.display()))
    }
}

fn write_pages(command: &Command, dir: &PathBuf) -> io::Result<()> {
    let file = Man::new(command.clone()).get_filename();
    fs::write(dir.join(file), page(command, Extent::One)?)?;
    command
        .get_subcommands()
        .try_for_each(|command| write_pages(command, dir))
}

fn page(command: &Command, extent: Extent) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = Man::new(command.clone())
        .source(concat!("task-api ", env!("CARGO_PKG_VERSION")))
        .manual("Task Management API");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let is_root = command.get_name() == Cli::command().get_name();
    let mut rest = Roff::new();
    if command.has_subcommands() {
        match extent {
            Extent::One => man.render_subcommands_section(&mut page)?,
            Extent::All => {
                rest.control("SH", ["COMMANDS"]);
                commands(&mut rest, command);
            }
        }
    }
    if is_root {
        settings(&mut rest);
    } else {
        examples(&mut rest, command, "SH");
    }
    exit_status(&mut rest);
    rest.to_writer(&mut page)?;
    Ok(page)
}

/// Every command that does something below `command`, in full.
fn commands(roff: &mut Roff, command: &Command) {
    for command in command.get_subcommands() {
        if command.has_subcommands() {
            commands(roff, command);
            continue;
        }
        roff.control("SS", [usage(command).as_str()]);
        about(roff, command);
        for argument in command.get_arguments().filter(|a| !a.is_global_set()) {
            if argument.get_id() == "help" {
                continue;
            }
            roff.control("TP", []);
            roff.text([bold(argument.to_string())]);
            let help = argument.get_long_help().or(argument.get_help());
            roff.text([roman(help.map(ToString::to_string).unwrap_or_default())]);
        }
        examples(roff, command, "");
    }
}

/// The command with its arguments: `task-api user delete [OPTIONS] <EMAIL>`.
fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").trim().to_owned()
}

fn about(roff: &mut Roff, command: &Command) {
    let about = command.get_long_about().or(command.get_about());
    for line in about.map(ToString::to_string).unwrap_or_default().lines() {
        match line.trim() {
            "" => roff.control("PP", []),
            line => roff.text([roman(line)]),
        };
    }
}

/// What stands behind a command's help; below a heading of the kind `heading` unless that is empty. Lines that
/// are indented stay as they are.
fn examples(roff: &mut Roff, command: &Command, heading: &str) {
    let after = command.get_after_long_help().or(command.get_after_help());
    let Some(after) = after.map(ToString::to_string) else {
        return;
    };
    match heading {
        "" => roff.control("PP", []),
        heading => roff.control(heading, ["EXAMPLES"]),
    };
    for line in after.lines() {
        match line.strip_prefix("  ") {
            _ if line.trim().is_empty() => roff.control("PP", []),
            None => roff.text([roman(line)]),
            Some(line) => {
                roff.control("RS", ["2"]);
                roff.control("nf", []);
                roff.text([roman(line)]);
                roff.control("fi", []);
                roff.control("RE", [])
            }
        };
    }
}

fn settings(roff: &mut Roff) {
    roff.control("SH", ["ENVIRONMENT"]);
    roff.text([roman(table::SOURCES)]);
    let rows = table::SETTINGS
        .iter()
        .map(|setting| (setting.variable, setting.describe()))
        .chain([(table::LOG_FILTER, table::describe_log_filter())]);
    for (variable, meaning) in rows {
        roff.control("TP", []);
        roff.text([bold(variable)]);
        roff.text([roman(meaning)]);
    }
}

fn exit_status(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in [
        ("0", "It is done, or is as it should be."),
        ("1", "It failed; why is on standard error."),
        (
            "2",
            "A setting or an argument is unknown, malformed or out of range.",
        ),
    ] {
        roff.control("TP", []);
        roff.text([bold(status)]);
        roff.text([roman(meaning)]);
    }
}
