//! Whether a pooler that gives each transaction another connection is in between.

use diesel::QueryResult;

use super::ask;
use crate::{
    config::settings::DatabaseSettings,
    db::{DbConn, inspect},
};

/// A pooler may give the same connection again by chance, so chance is given some tries.
const TRIES: u8 = 3;

/// Whether one client is served by changing processes of the server, or one process serves two
/// clients. A `LISTEN` would be lost there. Errors are in the driver's words.
pub fn shares_connections(settings: &DatabaseSettings) -> Result<bool, String> {
    let open = || inspect::open(settings).map_err(|error| error.to_string());
    let (mut one, mut other) = (open()?, open()?);
    for _ in 0..TRIES {
        if are_mixed(&mut one, &mut other).map_err(|error| error.to_string())? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn are_mixed(one: &mut DbConn, other: &mut DbConn) -> QueryResult<bool> {
    const PROCESS: &str = "SELECT pg_backend_pid()::bigint AS number";
    let own = ask::number(one, PROCESS)?;
    // While the other's transaction is open, its process serves nobody else.
    ask::observe(other, |other| {
        Ok(own == ask::number_within(other, PROCESS)? || own != ask::number(one, PROCESS)?)
    })
}
