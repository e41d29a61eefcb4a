//! The table of projects. Its first key column is the owner, and so is every statement's.

use diesel::prelude::*;

use crate::{db::DbConn, schema::projects};

/// Those of the owner's projects with these ids that are outside the trash.
pub fn live_among(conn: &mut DbConn, user_id: i64, ids: &[i64]) -> QueryResult<Vec<i64>> {
    projects::table
        .filter(projects::user_id.eq(user_id))
        .filter(projects::id.eq_any(ids))
        .filter(projects::deleted_at.is_null())
        .select(projects::id)
        .load(conn)
}
