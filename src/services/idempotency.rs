//! Idempotency keys: one effect for a request that is sent again.

use std::time::Duration;

use diesel::{
    Connection,
    result::{DatabaseErrorKind, Error as DieselError},
};

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

/// Runs `work`, which may write, and where the request has a key keeps its answer: see [`once`].
///
/// `kept`: how long an answer is kept; `None`: until the next purge.
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
        let now = UtcTime::now();
        let expired = kept.map(|kept| now.minus(kept));
        once(conn, user_id, request.as_ref(), now, expired, work)
    };
    db.write(once).await
}

/// Runs `work` and keeps its answer under the key, both in one transaction; where there is an answer
/// already, nothing stays of `work` and that answer is given. Without a key it just runs `work`.
///
/// `work` runs before the key is looked at, for nearly every request is the first of its key; what
/// is sent again fails at the key, or before, and only then is the answer looked up.
///
/// `expired`: answers from then or before do not count. Errors: those of `work`; `KeyReused` where the
/// key belongs to another request; `RequestInProgress`.
fn once(
    conn: &mut DbConn,
    user_id: i64,
    request: Option<&KeyedRequest>,
    now: UtcTime,
    expired: Option<UtcTime>,
    work: impl FnOnce(&mut DbConn) -> Result<StoredAnswer, AppError>,
) -> Result<Reply, AppError> {
    let expired = expired.unwrap_or_default();
    let first = |answer| Reply {
        answer,
        replayed: false,
    };
    let Some(request) = request else {
        return work(conn).map(first);
    };
    let outcome = conn.transaction(|conn| {
        let answer = work(conn)?;
        let new = NewAnswer {
            user_id,
            key: request.key.as_str(),
            fingerprint: &request.fingerprint,
            status: i16::try_from(answer.status).map_err(AppError::internal)?,
            headers: serde_json::to_string(&answer.headers).map_err(AppError::internal)?,
            body: answer.body.as_deref(),
            created_at: now,
        };
        match idempotency::insert(conn, &new, expired).map_err(owner_gone)? {
            Insertion::Stored => Ok(answer),
            Insertion::Taken => Err(AppError::RequestInProgress),
        }
    });
    match outcome {
        Ok(answer) => Ok(first(answer)),
        Err(error) if error.is_server_fault() => Err(error),
        Err(error) => match idempotency::find(conn, user_id, &request.key, expired)? {
            Some(stored) => replay(request, stored),
            None => Err(error),
        },
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

fn replay(request: &KeyedRequest, stored: Answer) -> Result<Reply, AppError> {
    if stored.fingerprint != request.fingerprint {
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
