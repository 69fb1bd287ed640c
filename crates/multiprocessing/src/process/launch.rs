//! A start: how one process becomes two.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use nix::errno::Errno;

use super::child::{Child, ChildState, Status};
use super::context::{self, Birth, context, pid};
use super::{descriptor, exit};
use crate::error::{Error, Result};
use crate::sys::fork::Side;
use crate::sys::point::point;
use crate::{sys, threads};

/// On which side of a [`fork`] one is.
#[derive(Debug)]
pub enum ForkResult {
    /// In the process that called it.
    Parent {
        /// The process id of the new one.
        pid: i32,
        /// The new one.
        child: Child,
    },
    /// In the new process.
    Child,
}

/// Copies the calling process: called once, it returns twice, once in each.
/// Python: `os.fork()`, where the parent gets the child's pid and the child
/// gets 0.
///
/// ```
/// use multiprocessing::{ForkResult, fork};
///
/// fn main() -> multiprocessing::Result<()> {
///     match fork()? {
///         ForkResult::Child => println!("in the child"),
///         ForkResult::Parent { child, .. } => {
///             child.join()?;
///             assert_eq!(child.exitcode()?, Some(0));
///         }
///     }
///     Ok(())
/// }
/// ```
///
/// The child goes on behind the call, as the parent does, to the end of
/// `main`; a [`Process`](super::Process) runs a closure and ends. For the rest
/// it is a child as any other: it has a name, is in `active_children`, is
/// waited for when the program ends, and dies with its parent. It differs from
/// Python's in that, and in what is written out before: what Rust's stdout
/// has not written yet does not come twice. What other buffers hold does.
///
/// # Errors
/// [`Error::MultiThreaded`] if the program has threads of its own, or another
/// thread than the main one calls; [`Error::DaemonicChild`];
/// [`Error::System`] if the system has no room for another process or
/// descriptor.
pub fn fork() -> Result<ForkResult> {
    point("fork");
    let (identity, daemon) = {
        let mut context = context();
        (context.next_identity(), context.daemon)
    };
    let name = context::default_name(&identity);
    if daemon {
        return Err(Error::DaemonicChild { name });
    }
    let state = Arc::new(ChildState {
        name,
        identity,
        daemon: false,
        outlives_parent: false,
        internal: false,
        creator: pid(),
        status: Mutex::new(Status::New),
    });
    match divide(&state)? {
        Side::Parent { child: pid } => {
            let child = Child(state);
            Ok(ForkResult::Parent { pid, child })
        }
        Side::Child((birth, null)) => {
            // What the child needs takes its place.
            drop(null);
            exit::enter_or_end(|| birth.enter(&state, None));
            Ok(ForkResult::Child)
        }
    }
}

/// Forks; the child runs `body` and never returns from here.
pub(super) fn launch(
    state: &Arc<ChildState>,
    body: impl FnOnce() -> i32,
) -> Result<()> {
    match divide(state)? {
        Side::Parent { .. } => Ok(()),
        Side::Child((birth, null)) => {
            exit::run_child(|| birth.enter(state, Some(null)), body)
        }
    }
}

/// Forks. The child gets what it has to do first, and `/dev/null`; in the
/// parent it is listed.
fn divide(state: &Arc<ChildState>) -> Result<Side<(Birth, OwnedFd)>> {
    reap_ended();
    let refused = |error| Error::system(format!("start {}", state.name), error);
    if sys::signal::children_are_forgotten() {
        let action = format!(
            "start {}: SIGCHLD is ignored, so its exit code would be lost; \
             give SIGCHLD its default action before",
            state.name
        );
        return Err(Error::system(action, Errno::ECHILD));
    }
    let quiet = threads::quiet(&state.name)?;
    exit::install();
    let birth = Birth::announce();
    // It takes the place of the pidfds, which must not fail to come when the
    // child runs already.
    let null = descriptor::null().map_err(refused)?;
    match sys::fork::fork(&quiet).map_err(refused)? {
        Side::Child(()) => Ok(Side::Child((birth, null))),
        Side::Parent { child } => {
            drop(null);
            let pidfd = descriptor::pidfd(child).map_err(|error| {
                sys::fork::undo(child);
                refused(error)
            })?;
            let pidfd = Arc::new(pidfd);
            *state.status() = Status::Running { pid: child, pidfd };
            context().children.push(Arc::clone(state));
            Ok(Side::Parent { child })
        }
    }
}

/// Waits for the children that have ended already: a program that never joins
/// must not fill up with zombies.
fn reap_ended() {
    let children = context().children.clone();
    for child in children {
        let _ = Child(child).lives();
    }
}
