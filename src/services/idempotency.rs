//! Idempotency keys: one effect for a request that is sent again.

use std::time::Duration;

use diesel::{
    Connection,
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::steps::Step;
use crate::{
    db::{Db, DbConn},
    error::AppError,
    models::{
        idempotency::{Answer, KeyedRequest, NewAnswer, StoredAnswer},
        time::UtcTime,
    },
    repositories::idempotency::{self, Insertion},
};

/// A response, and whether it is a replay.
pub struct Reply {
    pub answer: StoredAnswer,
    pub replayed: bool,
}

/// Runs `work`, which may write, and where the request has a key keeps its answer under the key, both in one
/// transaction. Where there is an answer already, nothing stays of `work` and that answer is given.
///
/// `work` runs before the key is looked at, for nearly every request is the first of its key; what
/// is sent again fails at the key, or before, and only then is the answer looked up.
///
/// `kept`: how long an answer is kept; `None`: until the next purge. Errors: those of `work`; `KeyReused` where
/// the key belongs to another request; `RequestInProgress`.
pub async fn write_once<F>(
    db: &Db,
    kept: Option<Duration>,
    user_id: i64,
    request: Option<KeyedRequest>,
    work: F,
) -> Result<Reply, AppError>
where
    F: FnOnce(&mut DbConn) -> Result<StoredAnswer, AppError> + Send + 'static,
{
    let once = move |conn: &mut DbConn| {
        let Some(request) = request else {
            return work(conn).map(Reply::first);
        };
        let keyed = Keyed::new(user_id, request, kept);
        let outcome = conn.transaction(|conn| {
            let answer = work(conn)?;
            keyed.keep(conn, answer)
        });
        outcome.or_else(|error| keyed.replay(conn, error))
    };
    db.write(once).await
}

/// As [`write_once`], for work on all rows of an account: `work` takes one step in a transaction of its own, and
/// gets how many rows the steps before it have taken. The answer is kept with the last step, so that a request
/// that is sent again after a failure goes on. All steps are taken even if the caller hangs up meanwhile.
pub async fn write_in_steps<F>(
    db: &Db,
    kept: Option<Duration>,
    user_id: i64,
    request: Option<KeyedRequest>,
    work: F,
) -> Result<Reply, AppError>
where
    F: Fn(&mut DbConn, usize) -> Result<Step<StoredAnswer>, AppError> + Clone + Send + 'static,
{
    let db = db.clone();
    let steps = async move {
        let mut rows = 0;
        loop {
            let (request, work) = (request.clone(), work.clone());
            let step = move |conn: &mut DbConn| {
                let work = |conn: &mut DbConn| work(conn, rows);
                match request {
                    Some(request) => Keyed::new(user_id, request, kept).step(conn, work),
                    None => Ok(work(conn)?.map(Reply::first)),
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

impl Reply {
    fn first(answer: StoredAnswer) -> Self {
        Self {
            answer,
            replayed: false,
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

    fn step(
        &self,
        conn: &mut DbConn,
        work: impl FnOnce(&mut DbConn) -> Result<Step<StoredAnswer>, AppError>,
    ) -> Result<Step<Reply>, AppError> {
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
    fn keep(&self, conn: &mut DbConn, answer: StoredAnswer) -> Result<Reply, AppError> {
        let new = NewAnswer {
            user_id: self.user_id,
            key: self.request.key.as_str(),
            fingerprint: &self.request.fingerprint,
            status: i16::try_from(answer.status).map_err(AppError::internal)?,
            headers: serde_json::to_string(&answer.headers).map_err(AppError::internal)?,
            body: answer.body.as_deref(),
            created_at: self.now,
        };
        match idempotency::insert(conn, &new, self.expired).map_err(owner_gone)? {
            Insertion::Stored => Ok(Reply::first(answer)),
            Insertion::Taken => Err(AppError::RequestInProgress),
        }
    }

    fn find(&self, conn: &mut DbConn) -> Result<Option<Answer>, AppError> {
        let key = &self.request.key;
        Ok(idempotency::find(conn, self.user_id, key, self.expired)?)
    }

    /// The answer that was stored before, after the work of this request has failed with `error`.
    fn replay(&self, conn: &mut DbConn, error: AppError) -> Result<Reply, AppError> {
        if error.is_server_fault() {
            return Err(error);
        }
        let stored = self.find(conn)?.ok_or(error)?;
        if stored.fingerprint != self.request.fingerprint {
            return Err(AppError::KeyReused);
        }
        Ok(Reply {
            answer: StoredAnswer {
                status: u16::try_from(stored.status).map_err(AppError::internal)?,
                headers: serde_json::from_str(&stored.headers).map_err(AppError::internal)?,
                body: stored.body,
            },
            replayed: true,
        })
    }
}

/// The one row that an answer points to is its owner.
fn owner_gone(error: DieselError) -> AppError {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
            AppError::InvalidToken
        }
        other => other.into(),
    }
}
