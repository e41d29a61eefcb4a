//! Work on all rows of an account, in steps: each is a transaction of its own on few rows, so that the writes of
//! others come in between, and a lock is held for a short time.

/// Most rows that a step takes.
pub const STEP: i64 = 200;

/// What a step has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<T> {
    /// It was the last one.
    Done(T),
    /// It has taken so many rows, and there may be more.
    More(usize),
}

impl<T> Step<T> {
    /// The same step with another result.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Step<U> {
        match self {
            Self::Done(done) => Step::Done(make(done)),
            Self::More(rows) => Step::More(rows),
        }
    }

    /// The same where the result may fail.
    pub fn try_map<U, E>(self, make: impl FnOnce(T) -> Result<U, E>) -> Result<Step<U>, E> {
        Ok(match self {
            Self::Done(done) => Step::Done(make(done)?),
            Self::More(rows) => Step::More(rows),
        })
    }
}
