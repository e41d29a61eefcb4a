//! `task-api completions` and `task-api man`, as clap makes them from the definitions of the commands.

use std::{fs, path::PathBuf};

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, output};

/// For which shell.
#[derive(Args)]
pub struct Completions {
    /// The shell that is to complete what is typed
    shell: Shell,
}

impl Completions {
    /// Prints the script. Errors: standard output takes none.
    pub fn run(&self) -> Result<(), String> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "task-api", &mut script);
        let script = String::from_utf8_lossy(&script);
        // For bash, clap_complete spells the hyphen of our name in two ways, and so misses every subcommand.
        let script = script.replace("task__subcmd__api", "task__api");
        output::finish(&script)
    }
}

/// Where the pages go.
#[derive(Args)]
pub struct ManPages {
    /// A folder for one page a command, made where there is none
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl ManPages {
    /// Prints the page of `task-api`, or writes one for each command. Errors: a page cannot be written.
    pub fn run(&self) -> Result<(), String> {
        let cli = Cli::command().disable_help_subcommand(true);
        if let Some(dir) = &self.dir {
            return fs::create_dir_all(dir)
                .and_then(|()| clap_mangen::generate_to(cli, dir))
                .map_err(|error| format!("cannot write to {}: {error}", dir.display()));
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(cli)
            .render(&mut page)
            .map_err(|error| error.to_string())?;
        output::finish(&String::from_utf8_lossy(&page))
    }
}
