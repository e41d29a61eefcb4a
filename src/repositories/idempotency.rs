//! The answers to requests that carried a key. The key's owner leads every statement.

use diesel::prelude::*;

use super::statement::{Statement, is_postgres};
use crate::{
    db::DbConn,
    models::{idempotency::IdempotencyKey, time::UtcTime},
    schema::idempotency_keys,
};

/// A row of the table; `headers` is a JSON array of names and values.
#[derive(Debug, Queryable)]
pub struct Stored {
    pub fingerprint: Vec<u8>,
    pub status: i16,
    pub headers: String,
    pub body: Option<String>,
}

/// What became of a try to store an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    Stored,
    /// There is an answer under the key, or one is being made.
    Taken,
}

/// The answer under the key, unless it is from `expired` or before.
pub fn find(
    conn: &mut DbConn,
    user_id: i64,
    key: &IdempotencyKey,
    expired: Option<UtcTime>,
) -> QueryResult<Option<Stored>> {
    let found = idempotency_keys::table
        .filter(idempotency_keys::user_id.eq(user_id))
        .filter(idempotency_keys::key.eq(key.as_str()))
        .select((
            idempotency_keys::fingerprint,
            idempotency_keys::status,
            idempotency_keys::headers,
            idempotency_keys::body,
            idempotency_keys::created_at,
        ))
        .get_result::<(Vec<u8>, i16, String, Option<String>, UtcTime)>(conn)
        .optional()?;
    Ok(found
        .filter(|(.., created_at)| expired.is_none_or(|expired| *created_at > expired))
        .map(|(fingerprint, status, headers, body, _)| Stored {
            fingerprint,
            status,
            headers,
            body,
        }))
}

/// Stores an answer under the key, over one that is from `expired` or before.
pub fn insert(
    conn: &mut DbConn,
    user_id: i64,
    key: &IdempotencyKey,
    answer: &Stored,
    now: UtcTime,
    expired: Option<UtcTime>,
) -> QueryResult<Insertion> {
    let mut statement = Statement::<()>::new(
        "INSERT INTO idempotency_keys (user_id, key, fingerprint, status, headers, body, created_at) SELECT ",
    )
    .cached(true);
    statement.int(user_id).sql(", ").text(key.as_str());
    statement.sql(", ").bytes(&answer.fingerprint);
    statement.sql(", ").small(answer.status);
    statement.sql(", ").text(answer.headers.as_str());
    statement.sql(", ").nullable_text(answer.body.clone());
    statement.sql(", ").time(now);
    // PostgreSQL would wait here for whoever is at the same key, and hold a connection meanwhile.
    // The lock is taken or not at once, and ends with the transaction.
    match is_postgres(conn) {
        true => statement
            .sql(" WHERE pg_try_advisory_xact_lock(hashtextextended(")
            .text(key.as_str())
            .sql(", ")
            .int(user_id)
            .sql("))"),
        false => statement.sql(" WHERE true"),
    };
    match expired {
        None => statement.sql(" ON CONFLICT DO NOTHING"),
        Some(expired) => statement
            .sql(
                " ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, \
                 status = excluded.status, headers = excluded.headers, body = excluded.body, \
                 created_at = excluded.created_at WHERE idempotency_keys.created_at <= ",
            )
            .time(expired),
    };
    Ok(match statement.execute(conn)? {
        1 => Insertion::Stored,
        _ => Insertion::Taken,
    })
}
