//! Randomness.

use crate::{error::AppError, models::opaque_token::SECRET_BYTES};

/// 256 random bits from the operating system.
pub fn random() -> Result<[u8; SECRET_BYTES], AppError> {
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(AppError::internal)?;
    Ok(secret)
}
