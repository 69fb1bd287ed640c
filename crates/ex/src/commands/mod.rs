//! The subcommands. Each tells whether all went well.

pub(crate) mod all;
pub(crate) mod check;
mod exploration;
pub(crate) mod explore;
pub(crate) mod list;
pub(crate) mod new;
mod plain;
pub(crate) mod run;
mod selection;
mod style;
pub(crate) mod timeline;

use std::io;
use std::time::Duration;

use ex::Error;
use ex::names::Unclear;

/// What `run` of a subcommand returns.
pub(crate) type Result<T = bool, E = Trouble> = std::result::Result<T, E>;

/// Why a subcommand could not do its work.
pub(crate) enum Trouble {
    /// It was called wrongly.
    Usage(String),
    /// Something has failed.
    Failed(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Unclear> for Trouble {
    fn from(error: Unclear) -> Self {
        Self::Usage(error.to_string())
    }
}

impl Trouble {
    /// For something that this process itself is refused.
    fn of_own(source: io::Error) -> Self {
        let program = "cargo ex".to_owned();
        Self::Failed(Error::Run { program, source })
    }
}

/// A time limit, as it is told on the command line.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|&seconds: &f64| seconds > 0.0);
    let time = seconds.map(Duration::try_from_secs_f64);
    time.and_then(Result::ok)
        .ok_or_else(|| "a number of seconds is wanted".to_owned())
}

/// As a shell has to be told it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
