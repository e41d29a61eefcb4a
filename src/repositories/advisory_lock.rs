//! Advisory locks of PostgreSQL, held until the transaction ends. On SQLite there is one writer at a time, so
//! that each is free.

use diesel::{
    QueryResult, RunQueryDsl, define_sql_function,
    sql_types::{BigInt, Text},
};

use crate::db::DbConn;

define_sql_function! {
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}

define_sql_function! {
    fn hashtextextended(text: Text, seed: BigInt) -> BigInt;
}

/// Takes the lock `key`; `false` where another transaction has it.
pub fn try_lock(conn: &mut DbConn, key: i64) -> QueryResult<bool> {
    match conn {
        DbConn::Postgres(c) => diesel::select(pg_try_advisory_xact_lock(key)).get_result(c),
        DbConn::Sqlite(_) => Ok(true),
    }
}

/// Takes the user's lock of the name `text`; `false` where another transaction has it.
pub fn try_lock_text(conn: &mut DbConn, user_id: i64, text: &str) -> QueryResult<bool> {
    match conn {
        DbConn::Postgres(c) => {
            let key = hashtextextended(text, user_id);
            diesel::select(pg_try_advisory_xact_lock(key)).get_result(c)
        }
        DbConn::Sqlite(_) => Ok(true),
    }
}
