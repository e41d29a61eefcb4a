//! Background jobs: what the service does by itself while it runs. Of many replicas on one database, one runs them
//! at a time.

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    config::settings::TaskSettings,
    db::Db,
    models::time::UtcTime,
    services::{maintenance::Job, steps::STEP},
    telemetry::metrics::Purged,
};

/// Runs every job now and then again and again, as often as the settings say. It never ends.
pub async fn run(db: Db, settings: TaskSettings, purged: Purged) {
    let jobs = [
        ("deleted_accounts", Job::EraseAccounts),
        ("trashed_tasks", Job::PurgeTrash(settings.trash)),
        ("idempotency_keys", Job::PurgeKeys(settings.idempotency)),
        ("sessions", Job::PurgeSessions),
        ("refresh_tokens", Job::PurgeRefreshTokens),
        ("personal_tokens", Job::PurgePersonalTokens),
        ("security_events", Job::PurgeEvents),
        ("throttles", Job::PurgeThrottles),
    ];
    let mut ticks = interval(settings.purge);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for (what, job) in jobs {
            finish(&db, what, job, &purged).await;
        }
    }
}

/// Runs a job to its end, in steps between which other writes come in.
async fn finish(db: &Db, what: &'static str, job: Job, purged: &Purged) {
    let mut rows = 0;
    loop {
        match db
            .write(move |conn| job.try_step(conn, UtcTime::now()))
            .await
        {
            Ok(Some(step)) => {
                rows += step;
                purged.get_or_create(&[("what", what)]).inc_by(step as u64);
                if step < STEP as usize {
                    break;
                }
            }
            // Another replica runs it.
            Ok(None) => break,
            Err(error) => {
                let cause = error.cause().unwrap_or_default();
                log::warn!(what = what, rows = rows, cause = cause; "a background job failed; it runs again at its next time");
                return;
            }
        }
    }
    if rows > 0 {
        log::info!(what = what, rows = rows; "a background job is done");
    }
}
