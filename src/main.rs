//! The binary: parse the command line, call the library.

use std::process::ExitCode;

use clap::Parser;
use task_api::commands::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
