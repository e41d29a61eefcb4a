//! What waits for the one writer of an SQLite file.

use tokio::sync::mpsc;

use super::connection::DbConn;
use crate::error::AppError;

/// What the thread is asked for.
pub enum Message {
    Write(Job),
    /// What comes after it is not done any more.
    Close,
}

/// A write, still to be run, on the connection or on the reason why there is none. It is `None`
/// where nobody waits for it any more.
pub type Job = Box<dyn FnOnce(Result<&mut DbConn, AppError>) -> Option<Written> + Send>;

/// A write that ran but is not committed.
pub struct Written {
    /// Sends the answer, given what became of the commit.
    pub answer: Box<dyn FnOnce(Result<(), AppError>) + Send>,
    /// It failed in a way that may have ended the transaction: no other write may follow in it.
    pub last: bool,
}

/// What is to be written, until it is closed.
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

    /// Waits for the next one; `None` once it is closed.
    pub fn wait(&mut self) -> Option<Job> {
        match self.closed {
            true => None,
            false => {
                let message = self.receiver.blocking_recv();
                self.take(message)
            }
        }
    }

    /// The next one, if it is there.
    pub fn at_hand(&mut self) -> Option<Job> {
        let message = self.receiver.try_recv().ok()?;
        self.take(Some(message))
    }

    fn take(&mut self, message: Option<Message>) -> Option<Job> {
        match message {
            Some(Message::Write(job)) => Some(job),
            Some(Message::Close) | None => {
                self.closed = true;
                None
            }
        }
    }
}
