//! Counters against floods. No user owns them: most are about people without an account.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Binary, Timestamp},
};

use super::statement::Statement;
use crate::{
    db::DbConn,
    models::{
        throttle::{Bucket, Count},
        time::UtcTime,
    },
    schema::throttles,
};

/// The counts of `buckets`, those that were ever counted and are not over at `now`.
pub fn find(conn: &mut DbConn, buckets: &[Bucket], now: UtcTime) -> QueryResult<Vec<Count>> {
    let hashes = buckets.iter().map(|bucket| bucket.0.as_slice());
    let rows: Vec<(Vec<u8>, i64, UtcTime)> = throttles::table
        .filter(throttles::bucket.eq_any(hashes))
        .filter(throttles::ends_at.gt(now))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(count_of).collect())
}

/// Counts one hit in each of `buckets` and returns the counts. One that is over at `now` begins anew,
/// and ends at `ends_at`.
pub fn count(
    conn: &mut DbConn,
    buckets: &[Bucket],
    now: UtcTime,
    ends_at: UtcTime,
) -> QueryResult<Vec<Count>> {
    let mut buckets = buckets.to_vec();
    // Always in the same order, so that no two statements wait for each other's rows.
    buckets.sort_unstable();
    let mut statement = Statement::<(Binary, BigInt, Timestamp)>::new(
        "INSERT INTO throttles (bucket, hits, ends_at) VALUES ",
    )
    .cached(true);
    statement.list(&buckets, |statement, bucket| {
        statement.sql("(").bytes(&bucket.0).sql(", 1, ");
        statement.time(ends_at).sql(")");
    });
    statement.sql(" ON CONFLICT (bucket) DO UPDATE SET hits = CASE WHEN throttles.ends_at <= ");
    statement.time(now);
    statement.sql(" THEN 1 ELSE throttles.hits + 1 END, ends_at = CASE WHEN throttles.ends_at <= ");
    statement.time(now);
    statement
        .sql(" THEN excluded.ends_at ELSE throttles.ends_at END RETURNING bucket, hits, ends_at");
    let rows: Vec<(Vec<u8>, i64, UtcTime)> = statement.load(conn)?;
    Ok(rows.into_iter().filter_map(count_of).collect())
}

fn count_of((bucket, hits, ends_at): (Vec<u8>, i64, UtcTime)) -> Option<Count> {
    Some(Count {
        bucket: Bucket(bucket.try_into().ok()?),
        hits,
        ends_at,
    })
}
