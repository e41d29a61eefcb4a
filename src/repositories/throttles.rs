//! Counters against floods. No user owns them: most are about people without an account.

use diesel::{dsl::case_when, prelude::*, sql_types::BigInt, upsert::excluded};

use super::query::{columns, on_backend};
use crate::{
    db::DbConn,
    models::{
        throttle::{Bucket, Count},
        time::UtcTime,
    },
    schema::throttles,
};

/// The counts of `buckets`, without those that were never counted or have ended at `now`.
pub fn find(conn: &mut DbConn, buckets: &[Bucket], now: UtcTime) -> QueryResult<Vec<Count>> {
    throttles::table
        .filter(throttles::bucket.eq_any(buckets))
        .filter(throttles::ends_at.gt(now))
        .select(columns::<Count>())
        .load(conn)
}

/// Counts one hit in each of `buckets` and returns the counts. One that has ended at `now` begins anew,
/// and ends at `ends_at`.
pub fn count(
    conn: &mut DbConn,
    buckets: &[Bucket],
    now: UtcTime,
    ends_at: UtcTime,
) -> QueryResult<Vec<Count>> {
    let mut buckets = buckets.to_vec();
    // Rows are always locked in the same order: no deadlock.
    buckets.sort_unstable();
    let rows: Vec<Count> = buckets
        .into_iter()
        .map(|bucket| Count {
            bucket,
            hits: 1,
            ends_at,
        })
        .collect();
    on_backend!(conn, |c| {
        let has_ended = throttles::ends_at.le(now);
        diesel::insert_into(throttles::table)
            .values(&rows)
            .on_conflict(throttles::bucket)
            .do_update()
            .set((
                throttles::hits
                    .eq(case_when(has_ended, 1_i64.into_sql::<BigInt>())
                        .otherwise(throttles::hits + 1)),
                throttles::ends_at.eq(case_when(has_ended, excluded(throttles::ends_at))
                    .otherwise(throttles::ends_at)),
            ))
            .returning(columns::<Count>())
            .get_results(c)
    })
}
