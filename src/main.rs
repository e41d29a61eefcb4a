//! The binary: parse the command line, start the logger, call the library.

use std::process::ExitCode;

use clap::Parser;
use task_api::commands::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    cli.run()
}
