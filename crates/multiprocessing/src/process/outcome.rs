//! What a target returns, as an exit code.

use std::fmt::Display;

/// The result of a process's closure, which becomes its exit code.
///
/// | returned | exit code | Python |
/// |---|---|---|
/// | `()` | 0 | the function returns |
/// | `i32` | its low eight bits | `sys.exit(n)` |
/// | never: `loop { … }`, `std::process::exit(n)` | | |
/// | `Ok(value)` | as `value` | |
/// | `Err(error)` | 1, and the error on stderr | an exception, `sys.exit("text")` |
///
/// A panic has exit code 1, too. `std::process::exit` works in a child as
/// everywhere.
///
/// ```
/// use multiprocessing::{Outcome, Process};
///
/// fn exitcode<R: Outcome>(target: fn() -> R) -> multiprocessing::Result<i32> {
///     let child = Process::new(target);
///     child.start()?;
///     child.join()?;
///     Ok(child.exitcode()?.expect("it has ended"))
/// }
///
/// fn main() -> multiprocessing::Result<()> {
///     assert_eq!(exitcode(|| ())?, 0);
///     assert_eq!(exitcode(|| 300)?, 44);
///     assert_eq!(exitcode(|| Err::<(), _>("no luck"))?, 1);
///     Ok(())
/// }
/// ```
pub trait Outcome {
    /// The exit code; what is to be said of a failure of the process `name` is
    /// said on stderr.
    fn exitcode(self, name: &str) -> i32;
}

impl Outcome for () {
    fn exitcode(self, _name: &str) -> i32 {
        0
    }
}

impl Outcome for i32 {
    fn exitcode(self, _name: &str) -> i32 {
        self
    }
}

impl Outcome for Never {
    fn exitcode(self, _name: &str) -> i32 {
        self
    }
}

impl<T: Outcome, E: Display> Outcome for Result<T, E> {
    fn exitcode(self, name: &str) -> i32 {
        match self {
            Ok(value) => value.exitcode(name),
            Err(error) => {
                super::exit::complain(&format!("Process {name}:\n{error}\n"));
                1
            }
        }
    }
}

/// The type `!`, which stable Rust lets one reach but not write.
type Never = <fn() -> ! as Function>::Returned;

/// Of a function type, what the function returns.
pub trait Function {
    /// What stands after the arrow.
    type Returned;
}

impl<T> Function for fn() -> T {
    type Returned = T;
}
