//! What a database tells about its own health. It only asks: on PostgreSQL in transactions that may not
//! write, so that nothing stays behind on a connection that a pooler gives to others.

pub mod ask;
pub mod postgres;
pub mod sqlite;
