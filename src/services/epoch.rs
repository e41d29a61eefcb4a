//! The epoch of the database.

use super::secrets;
use crate::{db::DbConn, error::AppError, models::epoch::Epoch, repositories::epochs};

/// Lets a new epoch begin, so that no entity tag of a task from before holds any more. To be called after the database
/// was set back to an earlier state.
pub fn renew(conn: &mut DbConn) -> Result<Epoch, AppError> {
    let [a, b, c, d, ..] = secrets::random()?;
    let epoch = Epoch::from(u32::from_be_bytes([a, b, c, d]));
    epochs::set(conn, epoch)?;
    Ok(epoch)
}
