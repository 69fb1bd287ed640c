//! Time at the reader's pace.

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

const VARIABLE: &str = "LESSON_PACE";

/// Sleeps for so many seconds of the lesson. Python: `time.sleep`.
pub fn sleep(time: impl Into<f64>) {
    thread::sleep(seconds(time));
}

/// So many seconds of the lesson, as a time limit. A negative time is none, and
/// one that is too long to be counted is the longest.
#[must_use]
pub fn seconds(time: impl Into<f64>) -> Duration {
    let time = time.into() * pace();
    let longest = if time > 0.0 {
        Duration::MAX
    } else {
        Duration::ZERO
    };
    Duration::try_from_secs_f64(time).unwrap_or(longest)
}

/// The seconds of the lesson since `start`.
#[must_use]
pub fn elapsed(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() / pace()
}

/// Whether a second of the lesson lasts longer or shorter than a second.
#[must_use]
#[expect(clippy::float_cmp, reason = "a pace of 1 is written as 1")]
pub fn is_paced() -> bool {
    pace() != 1.0
}

pub(crate) fn check() -> Result<(), String> {
    read().map(drop)
}

fn pace() -> f64 {
    static PACE: OnceLock<f64> = OnceLock::new();
    *PACE.get_or_init(|| read().unwrap_or(1.0))
}

fn read() -> Result<f64, String> {
    let Ok(text) = std::env::var(VARIABLE) else {
        return Ok(1.0);
    };
    match text.parse() {
        Ok(pace) if (1e-6..=1e3).contains(&pace) => Ok(pace),
        _ => Err(format!(
            "error: {VARIABLE} is '{text}': a number from 0.000001 to 1000 \
             is wanted, 1 for the text's own pace"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::seconds;

    #[test]
    fn a_time_that_cannot_be_counted_is_the_nearest_that_can() {
        for (time, limit) in [
            (f64::INFINITY, Duration::MAX),
            (1e30, Duration::MAX),
            (-1.0, Duration::ZERO),
            (f64::NAN, Duration::ZERO),
        ] {
            assert_eq!(seconds(time), limit, "{time}");
        }
    }
}
