//! A connection to the database that requests have to do without.

use std::sync::mpsc;

use task_api::error::AppError;
use tokio::{sync::oneshot, task::JoinHandle};

use super::app::TestApp;

/// A connection of the pool for reading, on PostgreSQL of the only pool.
pub struct HeldConnection {
    release: mpsc::Sender<()>,
    holder: JoinHandle<Result<(), AppError>>,
}

impl HeldConnection {
    /// Returns once it is taken.
    pub async fn of(app: &TestApp) -> Self {
        let (release, held) = mpsc::channel();
        let (taken, take) = oneshot::channel();
        let db = app.state.db.clone();
        let holder = tokio::spawn(async move {
            db.read(move |_| {
                taken.send(()).ok();
                held.recv().map_err(AppError::internal)
            })
            .await
        });
        take.await.unwrap();
        Self { release, holder }
    }

    /// Gives it back once requests have waited in vain. The holder's own answer came too late, too.
    pub async fn release_late(self) {
        self.release.send(()).unwrap();
        assert!(matches!(
            self.holder.await.unwrap(),
            Err(AppError::Unavailable { .. })
        ));
    }
}
