//! What every example shares and none teaches.
//!
//! - [`begin!`]: reads the flags, and lets the program end quietly when nobody
//!   reads its output any more.
//! - [`sleep`] and [`seconds`]: time at the reader's pace. `LESSON_PACE=0.01`
//!   makes every second a hundredth of one, sleeps and time limits alike;
//!   [`elapsed`] measures in the same seconds; [`is_paced`] is for a program
//!   whose clock is virtual.
//! - [`randint`] and [`random`](random()): random numbers, the same in every run
//!   under `LESSON_SEED=n`.
//! - [`pages`]: pages to fetch, and a server that has them.
//! - [`python_bool`]: `True` and `False`.
//! - [`Result`]: an error that `main` returns is one line on stderr, and exit
//!   code 1.

mod begin;
mod pace;
pub mod pages;
mod random;

use std::fmt;

pub use begin::{begin_with, begin_without_flags};
pub use pace::{elapsed, is_paced, seconds, sleep};
pub use random::{randint, random};

/// What an example's functions return.
pub type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// Any error, which shows as its message.
pub struct Failure(Box<dyn std::error::Error + Send + Sync>);

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Rust prints an error that `main` returns in its `Debug` form; this makes it
/// the message, on one line.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// `True` or `False`, as Python prints them.
#[must_use]
pub fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}
