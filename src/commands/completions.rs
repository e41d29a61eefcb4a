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
        output::write(&String::from_utf8_lossy(&script)).map(|_| ())
    }
}
