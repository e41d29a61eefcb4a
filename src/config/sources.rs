//! Which variables are set, and where; their values stay out of it.

use std::path::Path;

use super::load::{SettingsError, from_environment, from_file};

/// The names of the variables that are set, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// In `.env`, and not overridden by the environment.
    pub file: Vec<String>,
    pub environment: Vec<String>,
}

/// Looks where [`super::load::from_process`] looks.
pub fn of_process() -> Result<Sources, SettingsError> {
    let file = from_file(Path::new(".env"))?;
    let environment = from_environment(std::env::vars_os())?;
    let effective = file
        .into_keys()
        .filter(|name| !environment.contains_key(name));
    let mut sources = Sources {
        file: effective.collect(),
        environment: environment.into_keys().collect(),
    };
    sources.file.sort();
    sources.environment.sort();
    Ok(sources)
}
