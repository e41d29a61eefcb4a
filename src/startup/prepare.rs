//! The database before the first request.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::application::StartError;
use crate::{
    config::settings::{DatabaseSettings, Engine},
    db::{
        DbConn,
        manager::{Access, Manager},
        migrations::{self, State},
    },
};

/// Waits for the database and migrates it, as the settings say. It blocks its thread.
pub fn database(settings: &DatabaseSettings) -> Result<(), StartError> {
    let mut conn = connect(settings)?;
    let all = migrations::status(&mut conn).unwrap_or_default();
    let unknown = migrations::versions(&all, State::Unknown);
    if !unknown.is_empty() {
        log::warn!(
            "migrations of another version of this program are applied: {}",
            unknown.join(", ")
        );
    }
    if !settings.run_migrations {
        match migrations::pending(&mut conn) {
            Ok(pending) if pending.is_empty() => log::info!("migrations are current"),
            Ok(pending) => log::warn!("not ready: migrations are pending: {}", pending.join(", ")),
            Err(error) => {
                let elsewhere = migrations::tables_elsewhere(&mut conn).ok().flatten();
                let cause = elsewhere
                    .unwrap_or_else(|| format!("the database was never migrated: {error}"));
                log::warn!("not ready: {cause}");
            }
        }
        return Ok(());
    }
    let applied = migrations::run_pending(&mut conn).map_err(StartError::Migrate)?;
    match applied.as_slice() {
        [] => log::info!("migrations are current"),
        applied => log::info!("migrations applied: {}", applied.join(", ")),
    }
    Ok(())
}

/// The first connection. A server that does not answer yet is asked again, once a second; a file
/// that cannot be opened will not open by waiting.
fn connect(settings: &DatabaseSettings) -> Result<DbConn, StartError> {
    let manager = Manager::new(settings, Access::Write);
    let deadline = Instant::now() + settings.connect;
    loop {
        let error = match manager.open() {
            Ok(conn) => return Ok(conn),
            Err(error) => error,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if settings.url.engine == Engine::Sqlite || left.is_zero() {
            return Err(StartError::Connect(error));
        }
        let cause = error.to_string().replace('\n', " ");
        log::warn!(
            "the database cannot be reached, giving up in {} s: {cause}",
            left.as_secs()
        );
        thread::sleep(left.min(Duration::from_secs(1)));
    }
}
