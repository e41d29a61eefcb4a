//! What the service does by itself while it runs. Every copy does it: the statements share the work.

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    config::settings::TaskSettings,
    db::{Db, DbConn},
    error::AppError,
    models::time::UtcTime,
    services::maintenance::{Chore, STEP},
};

/// Indexes every task that is not, before the first request: a list by title would move what is
/// indexed under the reader's eyes. Returns how many there were.
pub fn index_all(conn: &mut DbConn) -> Result<usize, AppError> {
    let mut rows = 0;
    loop {
        let step = Chore::IndexTasks.step(conn, UtcTime::now())?;
        rows += step;
        if step < STEP as usize {
            return Ok(rows);
        }
    }
}

/// Does every chore now and then again and again, as often as the settings say. It never ends.
pub async fn run(db: Db, settings: TaskSettings) {
    let chores = [
        ("tasks indexed", Chore::IndexTasks),
        (
            "tasks purged from the trash",
            Chore::PurgeTrash(settings.trash),
        ),
        (
            "idempotency keys purged",
            Chore::PurgeKeys(settings.idempotency),
        ),
        ("sessions purged", Chore::PurgeSessions),
        ("refresh tokens purged", Chore::PurgeRefreshTokens),
        ("personal access tokens purged", Chore::PurgePersonalTokens),
        ("security events purged", Chore::PurgeEvents),
        ("counters purged", Chore::PurgeThrottles),
    ];
    let mut ticks = interval(settings.purge);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for (done, chore) in chores {
            finish(&db, done, chore).await;
        }
    }
}

/// Does a chore to its end, in steps between which others have their turn.
async fn finish(db: &Db, done: &str, chore: Chore) {
    let mut rows = 0;
    loop {
        match db.write(move |conn| chore.step(conn, UtcTime::now())).await {
            Ok(step) => {
                rows += step;
                if step < STEP as usize {
                    break;
                }
            }
            Err(error) => {
                let cause = error.cause().unwrap_or_default();
                log::warn!("a chore has to wait until the next time ({done}: {rows}): {cause}");
                return;
            }
        }
    }
    if rows > 0 {
        log::info!("{done}: {rows}");
    }
}
