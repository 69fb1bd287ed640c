//! Being in charge: nobody whom this process has started outlives it.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

use crate::family::{Stat, descendants, kill_all};

/// Held while this process ends its runs and then itself.
static ENDING: Mutex<()> = Mutex::new(());

/// From now on this process answers for whoever descends from it: who loses
/// his parent becomes its child, and when it is itself ended by Ctrl-C, `kill`
/// or the end of its terminal, all others are ended first.
///
/// To be called before any other thread is started.
///
/// # Errors
/// If the kernel refuses.
pub fn take() -> io::Result<()> {
    set_child_subreaper(true)?;
    let ends = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
    let ends: SigSet = ends.into_iter().collect();
    ends.thread_block()?;
    thread::spawn(move || {
        if let Ok(end) = ends.wait() {
            let _ending = ENDING.lock();
            kill_all(|| descendants(&Stat::all()));
            // Whoever waits for this process is to see what has ended it.
            let _ = ends.thread_unblock();
            let _ = raise(end);
        }
    });
    Ok(())
}

/// Goes no further while this process is being ended: a run that has ended
/// with it must not be judged.
pub fn check() {
    drop(ENDING.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Lets go of those who have become children of this process and have ended:
/// until then they keep their numbers.
pub(crate) fn bury() {
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            return;
        }
    }
}
