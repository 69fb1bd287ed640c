//! Signals that a family of processes lives by.
//!
//! SIGCHLD has to be left alone, or the system throws the exit codes of the
//! children away.
//!
//! SIGPIPE ends the whole family when its stdout is closed. Where it has its
//! default action, writing to a closed pipe ends the writer only, and the rest
//! of its family would go on unseen. So a child hands the signal on to its
//! parent, and that one to its own, until the first process of the family has
//! it; when that one ends, the others end with it.
//!
//! SIGINT, from the terminal, comes to the whole family at once. A manager's
//! server lets it pass: its creator, which may have caught it, still needs the
//! objects to clean up, and takes the server with it when it ends. SIGTERM ends
//! the server, after it has cleaned up itself.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};

use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction,
};
use rustix::time::Timespec;

/// Whether the system forgets children as soon as they end: SIGCHLD is ignored,
/// by this program or by the one that started it.
pub(crate) fn children_are_forgotten() -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action, sigaction only writes the present one to
    // `action`, for which zeroes are valid, should the call fail.
    let action = unsafe {
        let (old, none) = (action.as_mut_ptr(), std::ptr::null());
        libc::sigaction(libc::SIGCHLD, none, old);
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN
        || action.sa_flags & libc::SA_NOCLDWAIT != 0
}

static DOOR: AtomicI32 = AtomicI32::new(-1);

/// In a server: lets SIGINT pass, and makes SIGTERM shut `door`, which the
/// server takes for the end of all who could knock. Up to here it does with
/// both what its creator does.
pub(crate) fn serve_to_the_end(door: BorrowedFd<'_>) {
    DOOR.store(door.as_raw_fd(), Ordering::Relaxed);
    let ignored =
        SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    let shut = SigAction::new(
        SigHandler::Handler(on_terminate),
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    // SAFETY: to ignore a signal runs no code; the handler makes one system
    // call that is async-signal-safe, and reads one atomic.
    let _ = unsafe { sigaction(Signal::SIGINT, &ignored) };
    // SAFETY: as before.
    let _ = unsafe { sigaction(Signal::SIGTERM, &shut) };
}

extern "C" fn on_terminate(_signal: i32) {
    let door = DOOR.load(Ordering::Relaxed);
    if door >= 0 {
        // SAFETY: the descriptor was stored by `serve_to_the_end`, and a server
        // keeps its door until it ends.
        let door = unsafe { BorrowedFd::borrow_raw(door) };
        let _ = rustix::net::shutdown(door, rustix::net::Shutdown::Read);
    }
}

/// How long a child waits to be ended with its parent.
const PATIENCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

static PARENT: AtomicI32 = AtomicI32::new(-1);

/// In a child: makes a SIGPIPE that would end it end its parent, too. A
/// program that ignores SIGPIPE, as Rust's do by default, or handles it itself
/// is left alone.
pub(crate) fn pass_on_broken_pipe(parent: &OwnedFd) {
    PARENT.store(parent.as_fd().as_raw_fd(), Ordering::Relaxed);
    let ours = SigAction::new(
        SigHandler::Handler(on_broken_pipe),
        SaFlags::SA_RESETHAND | SaFlags::SA_NODEFER,
        SigSet::empty(),
    );
    // SAFETY: the handler makes only system calls that are
    // async-signal-safe, and reads one atomic.
    let Ok(before) = (unsafe { sigaction(Signal::SIGPIPE, &ours) }) else {
        return;
    };
    let deadly = match before.handler() {
        SigHandler::SigDfl => true,
        SigHandler::Handler(handler) => {
            std::ptr::fn_addr_eq(handler, on_broken_pipe as extern "C" fn(i32))
        }
        _ => false,
    };
    if !deadly {
        // SAFETY: puts back the action that was there a moment before.
        let _ = unsafe { sigaction(Signal::SIGPIPE, &before) };
    }
}

extern "C" fn on_broken_pipe(_signal: i32) {
    let parent = PARENT.load(Ordering::Relaxed);
    if parent >= 0 {
        // SAFETY: the descriptor was stored by `pass_on_broken_pipe` and the
        // process keeps it open until it ends.
        let parent = unsafe { BorrowedFd::borrow_raw(parent) };
        let sent = rustix::process::pidfd_send_signal(
            parent,
            rustix::process::Signal::PIPE,
        );
        // The parent's end is this process's end, too. Were this one faster,
        // its brothers would still see it die, perhaps in a lock, and speak of
        // it.
        if sent.is_ok() {
            let _ = rustix::thread::nanosleep(&PATIENCE);
        }
    }
    // The default action is in force again (SA_RESETHAND).
    let _ = nix::sys::signal::raise(Signal::SIGPIPE);
}
