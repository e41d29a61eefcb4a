//! `task-api openapi`.

use super::output;
use crate::openapi;

/// Prints the document that the service serves at `/openapi.json`, the same bytes.
pub fn run() -> Result<(), String> {
    output::write(&openapi::json()).map(|_| ())
}
