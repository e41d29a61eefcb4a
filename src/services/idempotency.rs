//! Idempotency keys: one effect for a request that is sent again.

use std::{marker::PhantomData, time::Duration};

use diesel::{Connection, result::DatabaseErrorKind::ForeignKeyViolation};

use super::{refusal::with_holder, steps::Step};
use crate::{
    db::{Db, DbConn},
    error::AppError,
    models::{
        idempotency::{Answer, KeyedRequest, NewAnswer, StoredAnswer},
        time::UtcTime,
    },
    repositories::idempotency,
};

/// A response that can be kept.
pub trait Storable {
    fn store(self) -> Result<StoredAnswer, AppError>;
}

/// A response in the form of `S`, and whether it is a replay.
pub struct Reply<S> {
    pub answer: StoredAnswer,
    pub replayed: bool,
    form: PhantomData<fn() -> S>,
}

/// Writes whose responses are kept under the keys of their requests.
#[derive(Clone)]
pub struct IdempotentWrites {
    pub db: Db,
    /// How long a response is kept; `None`: until the next purge.
    pub kept: Option<Duration>,
}

impl IdempotentWrites {
    /// Runs `work`, which may write, and where the request has a key keeps its answer under the key, both in one
    /// transaction. Where there is an answer already, nothing stays of `work` and that answer is given.
    ///
    /// `work` runs before the key is looked at, for nearly every request is the first of its key; what
    /// is sent again fails at the key, or before, and only then is the answer looked up.
    ///
    /// Errors: those of `work`; `KeyReused` where the key belongs to another request; `RequestInProgress`.
    pub async fn write<S, F>(
        &self,
        user_id: i64,
        request: Option<KeyedRequest>,
        work: F,
    ) -> Result<Reply<S>, AppError>
    where
        S: Storable + 'static,
        F: FnOnce(&mut DbConn) -> Result<S, AppError> + Send + 'static,
    {
        let kept = self.kept;
        let write = move |conn: &mut DbConn| {
            let work = |conn: &mut DbConn| work(conn)?.store();
            let outcome = match request {
                None => work(conn).map(|answer| Reply::new(answer, false)),
                Some(request) => {
                    let keyed = Keyed::new(user_id, request, kept);
                    let outcome = conn.transaction(|conn| {
                        let answer = work(conn)?;
                        keyed.keep(conn, answer)
                    });
                    outcome.or_else(|error| keyed.replay(conn, error))
                }
            };
            outcome.map_err(|error| with_holder(conn, user_id, error))
        };
        self.db.write(write).await
    }

    /// As [`Self::write`], for work on all rows of an account: `work` takes one step in a transaction of its own, and
    /// gets how many rows the steps before it have taken. The answer is kept with the last step, so that a request
    /// that is sent again after a failure goes on. All steps are taken even if the caller hangs up meanwhile.
    pub async fn write_in_steps<S, F>(
        &self,
        user_id: i64,
        request: Option<KeyedRequest>,
        work: F,
    ) -> Result<Reply<S>, AppError>
    where
        S: Storable + 'static,
        F: Fn(&mut DbConn, usize) -> Result<Step<S>, AppError> + Clone + Send + 'static,
    {
        let Self { db, kept } = self.clone();
        let steps = async move {
            let mut rows = 0;
            loop {
                let (request, work) = (request.clone(), work.clone());
                let step = move |conn: &mut DbConn| {
                    let work = |conn: &mut DbConn| work(conn, rows)?.try_map(S::store);
                    match request {
                        Some(request) => Keyed::new(user_id, request, kept).step(conn, work),
                        None => Ok(work(conn)?.map(|answer| Reply::new(answer, false))),
                    }
                };
                match db.write(step).await? {
                    Step::Done(reply) => return Ok(reply),
                    Step::More(taken) => rows += taken,
                }
            }
        };
        tokio::spawn(steps).await.map_err(AppError::internal)?
    }
}

impl<S> Reply<S> {
    fn new(answer: StoredAnswer, replayed: bool) -> Self {
        Self {
            answer,
            replayed,
            form: PhantomData,
        }
    }
}

/// A request with a key, and the times that count for it.
struct Keyed {
    user_id: i64,
    request: KeyedRequest,
    now: UtcTime,
    /// Answers from then or before do not count.
    expired: UtcTime,
}

impl Keyed {
    fn new(user_id: i64, request: KeyedRequest, kept: Option<Duration>) -> Self {
        let now = UtcTime::now();
        Self {
            user_id,
            request,
            now,
            expired: kept.map(|kept| now.minus(kept)).unwrap_or_default(),
        }
    }

    fn step<S>(
        &self,
        conn: &mut DbConn,
        work: impl FnOnce(&mut DbConn) -> Result<Step<StoredAnswer>, AppError>,
    ) -> Result<Step<Reply<S>>, AppError> {
        let outcome = conn.transaction(|conn| match work(conn)? {
            Step::Done(answer) => self.keep(conn, answer).map(Step::Done),
            // Nothing may stay of a step of what was answered before.
            Step::More(_) if self.find(conn)?.is_some() => Err(AppError::RequestInProgress),
            Step::More(rows) => Ok(Step::More(rows)),
        });
        outcome.or_else(|error| self.replay(conn, error).map(Step::Done))
    }

    /// Stores the answer, in the transaction of its work. Errors: `RequestInProgress` where there is one already,
    /// or one is being made.
    fn keep<S>(&self, conn: &mut DbConn, answer: StoredAnswer) -> Result<Reply<S>, AppError> {
        let new = NewAnswer {
            user_id: self.user_id,
            key: self.request.key.as_str(),
            fingerprint: &self.request.fingerprint,
            status: i16::try_from(answer.status).map_err(AppError::internal)?,
            headers: serde_json::to_string(&answer.headers).map_err(AppError::internal)?,
            body: answer.body.as_deref(),
            created_at: self.now,
        };
        // The one row that an answer points to is its owner.
        let owner_gone = AppError::on_violation(ForeignKeyViolation, AppError::REVOKED);
        if idempotency::insert(conn, &new, self.expired).map_err(owner_gone)? {
            Ok(Reply::new(answer, false))
        } else {
            Err(AppError::RequestInProgress)
        }
    }

    fn find(&self, conn: &mut DbConn) -> Result<Option<Answer>, AppError> {
        let key = &self.request.key;
        Ok(idempotency::find(conn, self.user_id, key, self.expired)?)
    }

    /// The answer that was stored before, after the work of this request has failed with `error`.
    fn replay<S>(&self, conn: &mut DbConn, error: AppError) -> Result<Reply<S>, AppError> {
        if error.is_server_fault() {
            return Err(error);
        }
        let stored = self.find(conn)?.ok_or(error)?;
        if stored.fingerprint != self.request.fingerprint {
            return Err(AppError::KeyReused);
        }
        let answer = StoredAnswer {
            status: u16::try_from(stored.status).map_err(AppError::internal)?,
            headers: serde_json::from_str(&stored.headers).map_err(AppError::internal)?,
            body: stored.body,
        };
        Ok(Reply::new(answer, true))
    }
}
