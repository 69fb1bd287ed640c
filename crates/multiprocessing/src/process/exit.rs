//! The end of a process: what a parent does for its children, and how a child
//! leaves.

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::child::Child;
use super::context::{context, pid};
use crate::error::Result;
use crate::sys::fork;

/// How long the daemons may take to heed SIGTERM before they get SIGKILL.
const GRACE: Duration = Duration::from_millis(500);

static ENDING: AtomicBool = AtomicBool::new(false);

/// Whether this process is at its end, and ends its daemons.
pub(crate) fn is_ending() -> bool {
    ENDING.load(Ordering::SeqCst)
}

/// Makes this process, when it ends, end its daemons and wait for its other
/// children.
pub(super) fn install() {
    extern "C" fn hook() {
        finish_children();
    }
    fork::at_exit(hook);
}

/// Runs a child from its birth to its end.
pub(super) fn run_child(
    enter: impl FnOnce() -> Result<()>,
    body: impl FnOnce() -> i32,
) -> ! {
    enter_or_end(enter);
    name_panics(context().name.clone());
    // An unwinding panic must not reach the frames of the parent's `main`,
    // of which this process has a copy.
    let code = panic::catch_unwind(AssertUnwindSafe(body));
    let code = code.unwrap_or_else(|payload| {
        // Its destructor may panic as well.
        std::mem::forget(payload);
        1
    });
    let _ = panic::catch_unwind(finish_children);
    let _ = io::stdout().flush();
    let _ = io::stderr().flush();
    fork::exit_now(code)
}

/// Begins a child; one that cannot live ends at once.
pub(super) fn enter_or_end(enter: impl FnOnce() -> Result<()>) {
    if let Err(error) = enter() {
        let name = context().name.clone();
        complain(&format!("Process {name}:\n{error}\n"));
        fork::exit_now(1);
    }
}

/// Writes to stderr if there is one; without it, `eprint!` would panic.
pub(super) fn complain(text: &str) {
    let _ = write!(io::stderr(), "{text}");
}

/// Lets a panic's message begin with the name of the process.
fn name_panics(name: String) {
    if std::thread::panicking() {
        // Started by a destructor, when the hook cannot be changed.
        return;
    }
    let before = panic::take_hook();
    let own = pid();
    panic::set_hook(Box::new(move |panic| {
        // A grandchild inherits the hook, and has a name of its own.
        if pid() == own {
            complain(&format!("Process {name}:\n"));
        }
        before(panic);
    }));
}

fn finish_children() {
    ENDING.store(true, Ordering::SeqCst);
    // Most have none, and spare the page faults of what follows.
    if context().children.is_empty() {
        return;
    }
    let children = || context().children.clone().into_iter().map(Child);
    let daemons: Vec<_> = children().filter(Child::daemon).collect();
    for daemon in &daemons {
        let _ = daemon.terminate();
    }
    let start = Instant::now();
    for daemon in &daemons {
        let left = GRACE.saturating_sub(start.elapsed());
        if !daemon.join_timeout(left).unwrap_or(true) {
            let _ = daemon.kill();
            let _ = daemon.join();
        }
    }
    for child in children() {
        let _ = child.join();
    }
}
