//! The queue of the one writer of an SQLite file.

use tokio::sync::mpsc;

use super::connection::DbConn;
use crate::error::AppError;

/// A message to the thread.
pub enum Message {
    Write(Job),
    /// Writes after it are not run.
    Close,
}

/// A write, still to be run, on the connection or on the reason why there is none. It returns `None` where
/// its caller has gone.
pub type Job = Box<dyn FnOnce(Result<&mut DbConn, AppError>) -> Option<Written> + Send>;

/// A write that ran but is not committed.
pub struct Written {
    /// Sends the result, given the outcome of the commit.
    pub answer: Box<dyn FnOnce(Result<(), AppError>) + Send>,
    /// It failed in a way that may have ended the transaction: no other write may follow in it.
    pub poisoned: bool,
}

/// The writes that wait, until the queue is closed.
pub struct Jobs {
    receiver: mpsc::Receiver<Message>,
    closed: bool,
}

impl Jobs {
    pub fn new(receiver: mpsc::Receiver<Message>) -> Self {
        Self {
            receiver,
            closed: false,
        }
    }

    /// Waits for the next one; `None` once the queue is closed.
    pub fn wait(&mut self) -> Option<Job> {
        if self.closed {
            return None;
        }
        let message = self.receiver.blocking_recv();
        self.take(message)
    }

    /// The next one, if it is there.
    pub fn try_next(&mut self) -> Option<Job> {
        let message = self.receiver.try_recv().ok()?;
        self.take(Some(message))
    }

    fn take(&mut self, message: Option<Message>) -> Option<Job> {
        if let Some(Message::Write(job)) = message {
            return Some(job);
        }
        self.closed = true;
        None
    }
}
