//! The answers to requests that carried a key. The key's owner leads every statement.

use diesel::{prelude::*, upsert::excluded};

use super::{
    advisory_lock,
    query::{columns, on_backend},
};
use crate::{
    db::DbConn,
    models::{
        idempotency::{Answer, IdempotencyKey, NewAnswer},
        time::UtcTime,
    },
    schema::idempotency_keys,
};

/// The answer under the key, unless it is from `expired` or before.
pub fn find(
    conn: &mut DbConn,
    user_id: i64,
    key: &IdempotencyKey,
    expired: UtcTime,
) -> QueryResult<Option<Answer>> {
    idempotency_keys::table
        .find((user_id, key.as_str()))
        .filter(idempotency_keys::created_at.gt(expired))
        .select(columns::<Answer>())
        .get_result(conn)
        .optional()
}

/// Stores an answer under its key, over one that is from `expired` or before. Returns `false` where there is another
/// under the key, or one is being made. Errors: `ForeignKeyViolation` where the owner is gone.
pub fn insert(conn: &mut DbConn, answer: &NewAnswer<'_>, expired: UtcTime) -> QueryResult<bool> {
    // The condition of `ON CONFLICT DO UPDATE … WHERE`.
    use diesel::query_dsl::methods::FilterDsl as _;

    // The insertion would wait for another transaction with the same key, and hold a connection meanwhile.
    if !advisory_lock::try_lock_text(conn, answer.user_id, answer.key)? {
        return Ok(false);
    }
    let stored = on_backend!(conn, |c| diesel::insert_into(idempotency_keys::table)
        .values(answer)
        .on_conflict((idempotency_keys::user_id, idempotency_keys::key))
        .do_update()
        .set((
            idempotency_keys::fingerprint.eq(excluded(idempotency_keys::fingerprint)),
            idempotency_keys::status.eq(excluded(idempotency_keys::status)),
            idempotency_keys::headers.eq(excluded(idempotency_keys::headers)),
            idempotency_keys::body.eq(excluded(idempotency_keys::body)),
            idempotency_keys::created_at.eq(excluded(idempotency_keys::created_at)),
        ))
        .filter(idempotency_keys::created_at.le(expired))
        .execute(c))?;
    Ok(stored == 1)
}
