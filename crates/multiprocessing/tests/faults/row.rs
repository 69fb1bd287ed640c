//! A fault, to what it happens, and what its survivors had of it.

use std::fmt::{self, Display};
use std::time::{Duration, Instant};

use multiprocessing::{Error, Result};

/// A line of the table.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Of the test, and of the function in `cpython.py`.
    pub(crate) name: &'static str,
    pub(crate) fault: &'static str,
    pub(crate) object: &'static str,
    /// What was measured, in a sentence.
    pub(crate) meaning: &'static str,
    pub(crate) run: fn() -> Result<Had>,
    /// What this machine lacks for it, if anything.
    pub(crate) lacks: fn() -> Option<&'static str>,
}

/// A row that any machine can have.
macro_rules! row {
    ($run:ident, $fault:literal, $object:literal, $meaning:literal) => {
        $crate::row::Row {
            name: stringify!($run),
            fault: $fault,
            object: $object,
            meaning: $meaning,
            run: $run,
            lacks: || None,
        }
    };
}
pub(crate) use row;

/// What the survivors had, and how long after the fault.
pub(crate) struct Had {
    pub(crate) what: String,
    pub(crate) after: Duration,
}

impl Had {
    /// What `outcome` gives after `fault`.
    pub(crate) fn after<T>(
        fault: impl FnOnce(),
        outcome: impl FnOnce() -> Result<T>,
    ) -> Self {
        let start = Instant::now();
        fault();
        let what = kind(&outcome());
        let after = start.elapsed();
        Self { what, after }
    }
}

/// That it went on, or the name of the error.
pub(crate) fn kind<T>(result: &Result<T>) -> String {
    match result {
        Ok(_) => "goes on".into(),
        Err(Error::System { source, .. }) => {
            let source = source.to_string();
            let (text, _) = source.split_once(" (os").unwrap_or((&source, ""));
            format!("`System` ({text})")
        }
        Err(error) => {
            let text = format!("{error:?}");
            let is_of_name = |c: &char| c.is_alphanumeric();
            let name: String = text.chars().take_while(is_of_name).collect();
            format!("`{name}`")
        }
    }
}

/// A number of milliseconds, as it stands in the table.
pub(crate) struct Millis(pub(crate) Duration);

impl Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.0.as_secs_f64() * 1e3)
    }
}
