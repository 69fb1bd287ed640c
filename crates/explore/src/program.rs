//! The program to run.

use std::ffi::OsString;
use std::path::PathBuf;

/// A command, and where it runs. Its stdin is empty and its stdout a terminal,
/// so that in any language a line is out when it is printed.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program, looked up in PATH, and its arguments.
    pub command: Vec<OsString>,
    /// Variables to set besides those of this process; None: to remove.
    pub variables: Vec<(OsString, Option<OsString>)>,
    /// The folder in which it runs; None: this one.
    pub folder: Option<PathBuf>,
}
