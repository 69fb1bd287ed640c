//! Fork, exit, and what runs at exit.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{self, ForkResult};

/// The two ways out of [`fork`]; the child has what is handed to it.
pub(crate) enum Side<T> {
    Parent { child: i32 },
    Child(T),
}

/// Copies the calling process. Rust's buffers are written out before, so that
/// the child does not write them a second time.
///
/// The caller vouches by `_quiet` that no other thread is in the middle of
/// anything.
pub(crate) fn fork(_quiet: &crate::threads::Quiet) -> io::Result<Side<()>> {
    let _ = io::stdout().flush();
    let _ = io::stderr().flush();
    // SAFETY: after a fork the child may do what any process may if no other
    // thread held a lock or was half through a change at that moment. `Quiet`
    // is proof of it: it exists only while the process has no thread besides
    // this one and the library's own, and those are parked without a lock.
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Side::Parent {
            child: child.as_raw(),
        }),
        ForkResult::Child => Ok(Side::Child(())),
    }
}

/// Ends a child that nobody could wait for later.
pub(crate) fn undo(child: i32) {
    let child = unistd::Pid::from_raw(child);
    let state = waitpid(child, Some(WaitPidFlag::WNOHANG));
    if state == Ok(WaitStatus::StillAlive) {
        // The number is the child's as long as nobody has waited for it.
        let _ = kill(child, Signal::SIGKILL);
        while waitpid(child, None) == Err(Errno::EINTR) {}
    }
}

/// Ends the process at once: no destructor and no exit handler runs.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: _exit only ends the process; it touches no memory of ours.
    unsafe { libc::_exit(code) }
}

/// Arranges for `hook` to run when the process ends normally, after `main`
/// and also by `std::process::exit`. Forked children inherit it.
pub(crate) fn at_exit(hook: extern "C" fn()) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: `hook` is a function of this program, valid as long as it
        // runs, and takes no arguments, as atexit demands.
        unsafe { libc::atexit(hook) };
    });
}

/// The pid of the calling process, which is asked for so often that a call of
/// the kernel each time would be seen.
pub(crate) fn own_pid() -> i32 {
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    /// 0: not asked for since the fork.
    static PID: AtomicI32 = AtomicI32::new(0);
    extern "C" fn forget() {
        PID.store(0, Relaxed);
    }
    let known = PID.load(Relaxed);
    if known != 0 {
        return known;
    }
    let pid = unistd::getpid().as_raw();
    if in_forked_children(forget, &REGISTERED).is_ok() {
        PID.store(pid, Relaxed);
    }
    pid
}

/// Arranges for `hook` to run in each forked child, before all else there. It
/// is called again for nothing once it is `registered`; twice does no harm, so
/// nobody waits here for a thread that a forked child does not have.
pub(crate) fn in_forked_children(
    hook: extern "C" fn(),
    registered: &AtomicBool,
) -> io::Result<()> {
    if registered.load(Relaxed) {
        return Ok(());
    }
    // SAFETY: `hook` is a function of this program, valid as long as it runs,
    // and takes no arguments, as pthread_atfork demands; those of this crate
    // only store what a child does not inherit.
    match unsafe { libc::pthread_atfork(None, None, Some(hook)) } {
        0 => {
            registered.store(true, Relaxed);
            Ok(())
        }
        code => Err(io::Error::from_raw_os_error(code)),
    }
}
