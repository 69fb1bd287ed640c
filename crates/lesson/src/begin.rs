//! The beginning of every example.

use std::process::exit;

use clap::error::ErrorKind;
use clap::{Command, Parser};

use crate::pace;
use crate::random;

/// The exit code of a program that was called wrongly.
const USAGE: i32 = 2;

/// Begins an example, as the first thing in `main`: `lesson::begin!()`, or
/// `let flags = lesson::begin!(Flags);` with a type that derives
/// `clap::Parser`.
///
/// `--help` tells the flags; a wrong one is told in one line on stderr, and
/// ends the program with exit code 2. From here on, a closed stdout
/// (`| head -1`) ends the program as it ends any other: by SIGPIPE, silently.
#[macro_export]
macro_rules! begin {
    () => {
        $crate::begin_without_flags(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_DESCRIPTION"),
        )
    };
    ($flags:ty) => {
        $crate::begin_with::<$flags>()
    };
}

/// What `begin!(Flags)` does.
#[must_use]
pub fn begin_with<Flags: Parser>() -> Flags {
    prepare();
    Flags::try_parse().unwrap_or_else(|error| stop(&error))
}

/// What `begin!()` does.
pub fn begin_without_flags(name: &'static str, about: &'static str) {
    prepare();
    let command = Command::new(name).about(about);
    if let Err(error) = command.try_get_matches() {
        stop(&error);
    }
}

fn prepare() {
    sigpipe::reset();
    if let Err(wrong) = pace::check().and_then(|()| random::check()) {
        eprintln!("{wrong}");
        exit(USAGE);
    }
}

fn stop(error: &clap::Error) -> ! {
    if error.kind() == ErrorKind::DisplayHelp {
        print!("{error}");
        exit(0)
    }
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    eprintln!("{first}; --help tells the flags");
    exit(USAGE)
}
