//! The one writer of an SQLite file.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection, QueryResult,
    connection::{AnsiTransactionManager, TransactionManager},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout_at,
};

use super::{connection::DbConn, manager::Manager};
use crate::error::AppError;

/// Most writes that share one commit: enough to spread its cost, few enough to end soon.
const GROUP_MAX: usize = 128;

/// A thread with the only connection that writes, and a queue before it, first come, first served.
///
/// What waits while a commit is on its way to the disk shares the next one: each write runs in a
/// savepoint of its own, and is answered only once the commit that holds it is on the disk. So 64
/// writers wait for two commits, not for 64.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::UnboundedSender<Job>,
    timeout: Duration,
}

/// A write, still to be run, on the connection or on the reason why there is none. It is `None`
/// where nobody waits for it any more.
type Job = Box<dyn FnOnce(Result<&mut DbConn, AppError>) -> Option<Written> + Send>;

/// A write that ran but is not committed.
struct Written {
    /// Sends the answer, given what became of the commit.
    answer: Box<dyn FnOnce(Result<(), AppError>) + Send>,
    /// It failed in a way that may have ended the transaction: no other write may follow in it.
    last: bool,
}

impl Writer {
    /// Starts the thread, which ends when the last `Writer` is gone. It connects at the first write.
    pub fn start(manager: Manager, timeout: Duration) -> Self {
        let (queue, jobs) = mpsc::unbounded_channel();
        thread::spawn(move || write_all(&manager, jobs));
        Self { queue, timeout }
    }

    /// Runs `work` in a transaction. Errors: those of `work`; `Unavailable` where there is no answer
    /// within the time-out. A write that has not started by then never will.
    pub async fn run<T, F>(&self, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConn) -> Result<T, AppError> + Send + 'static,
    {
        let deadline = Instant::now() + self.timeout;
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            if reply.is_closed() {
                return None;
            }
            let outcome = conn.and_then(|conn| conn.transaction(work));
            let last = matches!(outcome, Err(AppError::Unavailable { .. }));
            let answer = Box::new(move |committed: Result<(), AppError>| {
                // Whoever asked may be gone; the write stands all the same.
                drop(reply.send(committed.and(outcome)));
            });
            Some(Written { answer, last })
        });
        self.queue.send(job).map_err(AppError::internal)?;
        timeout_at(deadline.into(), answer)
            .await
            .map_err(|_| AppError::unavailable("the database did not answer in time"))?
            .map_err(|_| AppError::internal("the write panicked"))?
    }
}

fn write_all(manager: &Manager, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let mut kept = None;
    while let Some(first) = jobs.blocking_recv() {
        kept = match begin(manager, kept) {
            Ok(conn) => write_group(conn, first, &mut jobs),
            Err(error) => {
                answer_all(first(Err(error)), || Ok(()));
                None
            }
        };
    }
}

/// The connection, in a transaction that holds the write lock from its start.
fn begin(manager: &Manager, kept: Option<DbConn>) -> Result<DbConn, AppError> {
    let mut conn = match kept {
        Some(conn) => conn,
        None => manager.open().map_err(AppError::unavailable)?,
    };
    match &mut conn {
        DbConn::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?;
        }
        DbConn::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn)?,
    }
    Ok(conn)
}

/// Runs `first` and what else waits, commits, and answers. Returns the connection if it is good
/// for another group.
fn write_group(
    mut conn: DbConn,
    first: Job,
    jobs: &mut mpsc::UnboundedReceiver<Job>,
) -> Option<DbConn> {
    let mut written = Vec::new();
    let group = catch_unwind(AssertUnwindSafe(|| {
        run_group(&mut conn, first, jobs, &mut written);
    }));
    if group.is_err() {
        // Nobody knows where the panic left the transaction: the connection ends, and it with it.
        let panicked = || AppError::unavailable("another write in the same commit panicked");
        answer_all(written, || Err(panicked()));
        return None;
    }
    let sound = !written.iter().any(|write| write.last);
    match commit(&mut conn) {
        Ok(()) => {
            answer_all(written, || Ok(()));
            sound.then_some(conn)
        }
        Err(error) => {
            let cause = format!("the commit failed: {error}");
            answer_all(written, || Err(AppError::unavailable(&cause)));
            None
        }
    }
}

fn run_group(
    conn: &mut DbConn,
    first: Job,
    jobs: &mut mpsc::UnboundedReceiver<Job>,
    written: &mut Vec<Written>,
) {
    let mut next = Some(first);
    while let Some(job) = next {
        if let Some(write) = job(Ok(conn)) {
            let last = write.last;
            written.push(write);
            if last || written.len() == GROUP_MAX {
                return;
            }
        }
        next = jobs.try_recv().ok();
    }
}

fn commit(conn: &mut DbConn) -> QueryResult<()> {
    match conn {
        DbConn::Sqlite(conn) => AnsiTransactionManager::commit_transaction(conn),
        DbConn::Postgres(conn) => AnsiTransactionManager::commit_transaction(conn),
    }
}

fn answer_all(
    written: impl IntoIterator<Item = Written>,
    committed: impl Fn() -> Result<(), AppError>,
) {
    for write in written {
        (write.answer)(committed());
    }
}
