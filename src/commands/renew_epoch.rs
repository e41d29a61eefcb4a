//! `task-api renew-epoch`.

use super::{
    database::connect_migrated,
    output::{self, reason},
};
use crate::{config::Settings, db::writer::write, services::epoch};

/// Renews the epoch of the database of `settings`. Errors: why not, in a sentence.
pub fn run(settings: &Settings) -> Result<(), String> {
    let mut conn = connect_migrated(&settings.database)?;
    let epoch = write(&mut conn, epoch::renew).map_err(reason)?;
    output::finish(&format!(
        "the epoch is {epoch}: all ETags of tasks from before are invalid\n"
    ))
}
