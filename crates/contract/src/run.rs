//! What a program did: the data that a contract judges.

use std::time::Duration;

/// One run of a program.
#[derive(Debug, Clone)]
pub struct Run {
    /// The lines of its stdout, in the order in which they came.
    pub lines: Vec<OutputLine>,
    /// How it ended.
    pub ending: Ending,
    /// From its start to its end; None: nobody watched.
    pub elapsed: Option<Duration>,
    /// All of its stderr.
    pub stderr: String,
    /// The pace of its sleeps: the limits of the time rules are multiplied
    /// by it. 1 is the pace of the contract.
    pub pace: f64,
}

/// A line of output, without its newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// The line.
    pub text: String,
    /// When it was printed; None: nobody watched.
    pub at: Option<Seen>,
}

/// When a line was printed, as far as a watcher can know: after the last time
/// that it looked and saw nothing, and before the time that it saw the line.
/// Both count from the start of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// It was not there yet.
    pub after: Duration,
    /// It was there.
    pub by: Duration,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The program exited with this status.
    Exited(i32),
    /// This signal ended it.
    Signaled(i32),
    /// Everything was quiet, it was waiting, and it was ended by the watcher.
    Blocked,
    /// It was still at work at its deadline.
    TimedOut,
}

impl Run {
    /// A saved output: without times, without stderr, at the pace of the
    /// contract.
    #[must_use]
    pub fn saved(stdout: &str, ending: Ending) -> Self {
        let line = |text: &str| OutputLine {
            text: text.to_owned(),
            at: None,
        };
        Self {
            lines: stdout.lines().map(line).collect(),
            ending,
            elapsed: None,
            stderr: String::new(),
            pace: 1.0,
        }
    }
}
