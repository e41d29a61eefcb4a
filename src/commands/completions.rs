//! `task-api completions SHELL`.

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
