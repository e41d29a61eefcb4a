//! From check to check.

use clap::Args;

use super::{
    database,
    finding::{Finding, Outcome},
    machine, port, report, settings,
};
use crate::{
    commands::output,
    config::{Settings, load::SettingsError},
};

/// How to answer.
#[derive(Args)]
pub struct Doctor {
    /// Print JSON: an array of objects with check, outcome, found and remedy
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Makes every check that the settings allow and prints what it finds. Errors: a check failed.
    pub fn run(&self, settings: Result<Settings, SettingsError>) -> Result<(), String> {
        let findings = match settings {
            Ok(settings) => examine(&settings),
            Err(error) => vec![settings::refused(&error)],
        };
        let report = match self.json {
            true => {
                serde_json::to_string_pretty(&findings).map_err(|error| error.to_string())? + "\n"
            }
            false => report::text(&findings),
        };
        output::write(&report)?;
        let failed = findings.iter().any(|f| f.outcome == Outcome::Failure);
        match failed {
            true => Err(report::summary(&findings)),
            false => Ok(()),
        }
    }
}

fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = settings::findings(settings);
    findings.extend(database::findings(&settings.database));
    findings.extend(machine::findings(settings));
    findings.push(port::finding(&settings.server));
    findings
}
