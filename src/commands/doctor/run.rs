//! Makes the checks and prints them.

use clap::Args;

use super::{
    check::{CheckResult, Outcome},
    database, files, settings,
};
use crate::{
    commands::output,
    config::{Settings, load::SettingsError},
};

/// How to print.
#[derive(Args)]
pub struct Doctor {
    /// Print JSON: an array of objects with check, outcome, found and remedy
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Makes every check that the settings allow and prints the results. Errors: a check failed.
    pub fn run(&self, settings: Result<Settings, SettingsError>) -> Result<(), String> {
        let results = match settings {
            Ok(settings) => check_all(&settings),
            Err(error) => vec![settings::refused(&error)],
        };
        let report = if self.json {
            serde_json::to_string_pretty(&results).map_err(|error| error.to_string())? + "\n"
        } else {
            results.iter().map(lines).collect()
        };
        output::write(&report)?;
        if results.iter().any(|r| r.outcome == Outcome::Failure) {
            return Err(summary(&results));
        }
        Ok(())
    }
}

fn check_all(settings: &Settings) -> Vec<CheckResult> {
    let mut results = settings::check(settings);
    results.extend(database::check(&settings.database));
    let file = settings.database.url.file();
    results.extend(file.and_then(|file| files::disk(&file)));
    results
}

/// Aligned, a line each; below a line that is not ok, what to do.
fn lines(result: &CheckResult) -> String {
    let CheckResult {
        check,
        outcome,
        found,
        remedy,
    } = result;
    let remedy = remedy.as_ref();
    let remedy = remedy.map_or(String::new(), |remedy| format!("{:22} => {remedy}\n", ""));
    format!("{outcome:<8} {check:<13} {found}\n{remedy}")
}

fn summary(results: &[CheckResult]) -> String {
    let count = |outcome| results.iter().filter(|r| r.outcome == outcome).count();
    let (failures, warnings) = (count(Outcome::Failure), count(Outcome::Warning));
    let checks = results.len();
    format!("checks: {checks}, failures: {failures}, warnings: {warnings}")
}
