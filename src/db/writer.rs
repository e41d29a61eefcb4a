//! The one writer of an SQLite file.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection, QueryResult,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    result::Error as DieselError,
};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::timeout_at,
};

use super::{
    connection::{DbConn, Work},
    fair_pool::{refusal, timeout},
    manager::Manager,
    postgres_session,
};
use crate::{
    config::settings::DatabaseSettings,
    error::{AppError, UnavailableReason},
    telemetry::{
        database::PoolMetrics,
        trace::{Trace, within},
    },
};

/// Most writes that share one commit: enough to spread its cost, few enough to end soon.
const GROUP_MAX: usize = 128;

/// How long a shutdown waits for writes whose callers have gone.
const CLOSING: Duration = Duration::from_secs(10);

/// A message to the thread: `None` closes the queue, and no write is taken after it.
type Message = Option<Job>;

/// A write, still to be run, on the connection or on the reason why there is none. It returns `None` where
/// its caller has gone.
type Job = Box<dyn FnOnce(Result<&mut DbConn, AppError>) -> Option<Written> + Send>;

/// A write that ran but is not committed.
struct Written {
    /// Sends the result, given the outcome of the commit.
    answer: Box<dyn FnOnce(Result<(), AppError>) + Send>,
    /// It failed in a way that may have ended the transaction: no other write may follow in it.
    poisoned: bool,
}

/// The writes that wait, until the queue is closed.
struct Jobs(mpsc::Receiver<Message>);

impl Jobs {
    /// Waits for the next one; `None` once the queue is closed and empty.
    fn wait(&mut self) -> Option<Job> {
        let message = self.0.blocking_recv()?;
        self.job(message).or_else(|| self.wait())
    }

    /// The next one, if it is there.
    fn try_next(&mut self) -> Option<Job> {
        let message = self.0.try_recv().ok()?;
        self.job(message)
    }

    fn job(&mut self, message: Message) -> Option<Job> {
        if message.is_none() {
            self.0.close();
        }
        message
    }
}

/// A thread with the only connection that writes, and a queue before it, first come, first served.
///
/// The writes that wait while a commit is on its way to the disk share the next one (group commit): each runs
/// in a savepoint of its own, and is answered only after the commit that holds it is on the disk. So 64
/// writers wait for two commits, not for 64.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
    timeout: Duration,
    metrics: PoolMetrics,
    /// Nothing is sent; it closes when the thread ends.
    end: Arc<Mutex<Receiver<()>>>,
}

impl Writer {
    /// Starts the thread, which ends when the last `Writer` is gone. It connects at the first write.
    pub fn start(manager: Manager, settings: &DatabaseSettings, metrics: PoolMetrics) -> Self {
        let (queue, jobs) = mpsc::channel(settings.queue);
        let (ended, end) = channel();
        thread::spawn(move || {
            // It moves in here, and is dropped at the end.
            let _ended: Sender<()> = ended;
            write_all(&manager, Jobs(jobs));
        });
        Self {
            queue,
            timeout: settings.timeout,
            metrics,
            end: Arc::new(Mutex::new(end)),
        }
    }

    /// Runs `work` in a transaction. Errors: those of `work`; `Unavailable` at once where the queue is full,
    /// and where there is no result within the time-out. A write that has not started by then never will.
    pub async fn run<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T, AppError> {
        let since = Instant::now();
        let deadline = since + self.timeout;
        let (reply, answer) = oneshot::channel();
        let job = self.job(since, reply, work);
        let sent = self.queue.try_send(Some(job));
        sent.map_err(|error| match error {
            TrySendError::Full(_) => refusal(&self.metrics),
            TrySendError::Closed(_) => {
                AppError::unavailable(UnavailableReason::Lost, "the writer is closed")
            }
        })?;
        timeout_at(deadline.into(), answer)
            .await
            .map_err(|_| timeout("the database did not answer in time"))?
            .map_err(|_| AppError::internal("the write panicked"))?
    }

    fn job<T: Send + 'static>(
        &self,
        since: Instant,
        reply: oneshot::Sender<Result<T, AppError>>,
        work: impl Work<T>,
    ) -> Job {
        let (metrics, trace) = (self.metrics.clone(), Trace::current());
        Box::new(move |conn| {
            if reply.is_closed() {
                return None;
            }
            let begun = Instant::now();
            let waited = begun.duration_since(since);
            metrics.queue.observe(waited.as_secs_f64());
            let outcome = conn.and_then(|conn| within(trace, || conn.transaction(work)));
            metrics.work.observe(begun.elapsed().as_secs_f64());
            let poisoned = matches!(outcome, Err(AppError::Unavailable { .. }));
            let answer = Box::new(move |committed: Result<(), AppError>| {
                if reply.send(committed.and(outcome)).is_err() {
                    log::debug!("the caller of a write went away; the write stands");
                }
            });
            Some(Written { answer, poisoned })
        })
    }

    /// How many writes wait.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Runs the writes that wait, writes the write-ahead log to the file, and closes the connection. It blocks
    /// its thread until then, but no longer than 10 seconds.
    pub fn close(self) {
        let closing = Instant::now() + CLOSING;
        // A full queue has no room for the message until some of its writes are done.
        while self.queue.try_send(None).is_err() && !self.queue.is_closed() {
            if Instant::now() > closing {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let left = closing.saturating_duration_since(Instant::now());
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if end.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
            log::warn!("the database is not closed: a write hangs");
        }
    }
}

fn write_all(manager: &Manager, mut jobs: Jobs) {
    let mut kept = None;
    while let Some(first) = jobs.wait() {
        kept = match connection(manager, kept) {
            Ok(conn) => write_group(conn, first, &mut jobs),
            Err(error) => {
                refuse_all(&error, first, &mut jobs);
                None
            }
        };
    }
    if let Some(mut conn) = kept
        && let Err(error) = conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
    {
        // While other processes use the file, a part of the log may have to stay; it is read at the next start.
        log::warn!("the write-ahead log stays beside the database: {error}");
    }
}

/// All that wait fail for the same reason: each by itself would wait for it again.
fn refuse_all(error: &AppError, first: Job, jobs: &mut Jobs) {
    let reason = error
        .unavailable_reason()
        .unwrap_or(UnavailableReason::Other);
    let cause = error.cause().unwrap_or_default();
    let mut next = Some(first);
    while let Some(job) = next {
        let refused = job(Err(AppError::unavailable(reason, cause)));
        answer_all(refused, || Ok(()));
        next = jobs.try_next();
    }
}

fn connection(manager: &Manager, kept: Option<DbConn>) -> Result<DbConn, AppError> {
    // A write to a file that was deleted would be lost with it.
    manager.check()?;
    match kept {
        Some(conn) => Ok(conn),
        None => manager
            .open()
            .map_err(|error| AppError::unavailable(UnavailableReason::Connect, error)),
    }
}

/// Begins a transaction that on SQLite holds the write lock from its start; within one, a savepoint of PostgreSQL.
fn begin(conn: &mut DbConn) -> QueryResult<()> {
    match conn {
        DbConn::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }
        DbConn::Postgres(conn) => {
            match AnsiTransactionManager::begin_transaction_sql(conn, postgres_session::BEGIN) {
                Err(DieselError::AlreadyInTransaction) => {
                    AnsiTransactionManager::begin_transaction(conn)
                }
                begun => begun,
            }
        }
    }
}

/// Runs `work` in such a transaction on a connection of one's own, on either engine.
pub fn write<T, E: From<DieselError>>(
    conn: &mut DbConn,
    work: impl FnOnce(&mut DbConn) -> Result<T, E>,
) -> Result<T, E> {
    begin(conn)?;
    let outcome = work(conn);
    match outcome {
        Ok(_) => commit(conn)?,
        Err(_) => <DbConn as Connection>::TransactionManager::rollback_transaction(conn)?,
    }
    outcome
}

/// Runs `first` and the others that wait, commits, and answers. Returns the connection if it is good
/// for another group.
fn write_group(mut conn: DbConn, first: Job, jobs: &mut Jobs) -> Option<DbConn> {
    if let Err(error) = begin(&mut conn) {
        let error = AppError::from(error);
        refuse_all(&error, first, jobs);
        let reason = error.unavailable_reason();
        let is_broken = reason.is_some_and(UnavailableReason::breaks_connection);
        return (!is_broken).then_some(conn);
    }
    let mut written = Vec::new();
    let group = catch_unwind(AssertUnwindSafe(|| {
        run_group(&mut conn, first, jobs, &mut written);
    }));
    if group.is_err() {
        // The panic left the transaction in an unknown state: it ends with its connection.
        let cause = "another write in the same commit panicked";
        let panicked = || AppError::unavailable(UnavailableReason::Other, cause);
        answer_all(written, || Err(panicked()));
        return None;
    }
    let sound = !written.iter().any(|write| write.poisoned);
    match commit(&mut conn) {
        Ok(()) => {
            answer_all(written, || Ok(()));
            sound.then_some(conn)
        }
        Err(error) => {
            let reason = UnavailableReason::of(&error).unwrap_or(UnavailableReason::Other);
            let cause = format!("the commit failed: {error}");
            answer_all(written, || Err(AppError::unavailable(reason, &cause)));
            None
        }
    }
}

fn run_group(conn: &mut DbConn, first: Job, jobs: &mut Jobs, written: &mut Vec<Written>) {
    let mut next = Some(first);
    while let Some(job) = next {
        if let Some(write) = job(Ok(conn)) {
            let poisoned = write.poisoned;
            written.push(write);
            if poisoned || written.len() == GROUP_MAX {
                return;
            }
        }
        next = jobs.try_next();
    }
}

fn commit(conn: &mut DbConn) -> QueryResult<()> {
    <DbConn as Connection>::TransactionManager::commit_transaction(conn)
}

fn answer_all(
    written: impl IntoIterator<Item = Written>,
    committed: impl Fn() -> Result<(), AppError>,
) {
    for write in written {
        (write.answer)(committed());
    }
}
