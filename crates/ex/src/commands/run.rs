//! `cargo ex 3-1`: runs one example.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Args;
use ex::Error;
use ex::catalogue::examples;
use ex::names::find;
use ex::programs::build_one;

use super::Result;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The example: its number, its name, or words of a title
    name: Vec<String>,

    /// Flags of the example
    #[arg(last = true, requires = "name")]
    flags: Vec<OsString>,
}

impl Arguments {
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_empty()
    }
}

/// Becomes the example, so that signals go to it, and its exit status to the
/// caller.
pub(crate) fn run(arguments: &Arguments) -> Result {
    let examples = examples()?;
    let example = find(&examples, &arguments.name.join(" "))?;
    let program = build_one(&example.package)?;
    let source = Command::new(&program).args(&arguments.flags).exec();
    let program = program.display().to_string();
    Err(Error::Run { program, source }.into())
}
