//! What the service does by itself while it runs. Of many copies on one database, one does it at a time.

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    config::settings::TaskSettings,
    db::Db,
    models::time::UtcTime,
    services::maintenance::{Chore, STEP},
    telemetry::metrics::Purged,
};

/// Does every chore now and then again and again, as often as the settings say. It never ends.
pub async fn run(db: Db, settings: TaskSettings, purged: Purged) {
    let chores = [
        ("trashed_tasks", Chore::PurgeTrash(settings.trash)),
        ("idempotency_keys", Chore::PurgeKeys(settings.idempotency)),
        ("sessions", Chore::PurgeSessions),
        ("refresh_tokens", Chore::PurgeRefreshTokens),
        ("personal_tokens", Chore::PurgePersonalTokens),
        ("security_events", Chore::PurgeEvents),
        ("throttles", Chore::PurgeThrottles),
    ];
    let mut ticks = interval(settings.purge);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for (what, chore) in chores {
            finish(&db, what, chore, &purged).await;
        }
    }
}

/// Does a chore to its end, in steps between which others have their turn.
async fn finish(db: &Db, what: &'static str, chore: Chore, purged: &Purged) {
    let mut rows = 0;
    loop {
        match db.write(move |conn| chore.turn(conn, UtcTime::now())).await {
            Ok(Some(step)) => {
                rows += step;
                purged.add(what, step);
                if step < STEP as usize {
                    break;
                }
            }
            // Another copy of the service is at it.
            Ok(None) => break,
            Err(error) => {
                let cause = error.cause().unwrap_or_default();
                log::warn!(what = what, rows = rows, cause = cause; "a chore has to wait until the next time");
                return;
            }
        }
    }
    if rows > 0 {
        log::info!(what = what, rows = rows; "a chore is done");
    }
}
