//! What a test leaves to chance, and how it is repeated.

use std::env;
use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

/// The seed of this test run: `GOLDEN_SEED`, or another one each time.
///
/// # Errors
/// If `GOLDEN_SEED` is no number.
pub fn seed() -> Result<u64, Box<dyn Error>> {
    if let Ok(given) = env::var("GOLDEN_SEED") {
        return Ok(given.parse()?);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::from(now.subsec_nanos()))
}
