//! The pace and the seed that a reader has set for the examples, and what
//! they are told.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// The variable that tells an example its pace.
pub const PACE: &str = "LESSON_PACE";
/// The variable that tells an example its seed.
pub const SEED: &str = "LESSON_SEED";

/// How long a second of an example lasts, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace(pub f64);

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(pace) if (1e-6..=1e3).contains(&pace) => Ok(Self(pace)),
            _ => Err(format!(
                "'{text}' is no pace: a number from 0.000001 to 1000 is \
                 wanted, 1 for the text's own"
            )),
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The pace that the environment tells, if it does.
///
/// # Errors
/// If it tells something else.
pub fn pace() -> Result<Option<Pace>, String> {
    let Ok(text) = env::var(PACE) else {
        return Ok(None);
    };
    let pace = text.parse().map_err(|error| format!("{PACE}: {error}"));
    pace.map(Some)
}

/// The seed that the environment tells, or another one each time.
///
/// # Errors
/// If it tells something else than a seed.
pub fn seed() -> Result<u64, String> {
    let Ok(text) = env::var(SEED) else {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        return Ok(now.unwrap_or_default().subsec_nanos().into());
    };
    let wrong = |_| format!("{SEED} is '{text}': a whole number is wanted");
    text.parse().map_err(wrong)
}

/// What a watched program finds in its environment besides what this process
/// has; None: it does not find it.
#[must_use]
pub fn variables(pace: f64, seed: u64) -> Vec<(OsString, Option<OsString>)> {
    let set = |name: &str, value: String| (name.into(), Some(value.into()));
    vec![
        set(PACE, pace.to_string()),
        set(SEED, seed.to_string()),
        ("RUST_BACKTRACE".into(), None),
        // With it Python writes the end of a line by itself, and another line
        // may come between.
        ("PYTHONUNBUFFERED".into(), None),
    ]
}
