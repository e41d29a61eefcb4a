//! The table with the epoch of the database, in its one row.

use diesel::{dsl, prelude::*};

use super::query::on_backend;
use crate::{db::DbConn, models::epoch::Epoch, schema::epochs};

/// The epoch, to be selected with a row: that costs no statement of its own.
#[dsl::auto_type]
pub fn current() -> _ {
    epochs::table
        .select(epochs::epoch)
        .single_value()
        .assume_not_null()
}

/// The epoch.
pub fn find(conn: &mut DbConn) -> QueryResult<Epoch> {
    epochs::table.select(epochs::epoch).get_result(conn)
}

/// Lets `epoch` be the epoch from now on.
pub fn set(conn: &mut DbConn, epoch: Epoch) -> QueryResult<usize> {
    let row = (epochs::id.eq(1), epochs::epoch.eq(epoch));
    on_backend!(conn, |c| diesel::insert_into(epochs::table)
        .values(row)
        .on_conflict(epochs::id)
        .do_update()
        .set(epochs::epoch.eq(epoch))
        .execute(c))
}
