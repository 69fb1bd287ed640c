//! Runs any program one task at a time, by a seed, on a virtual clock.
//!
//! What a concurrent program does depends on who goes first, and a machine
//! mostly lets the same one go first. [`explore`] decides by a seed instead:
//! each [`Schedule`] is another run, also one that hardly ever happens, and the
//! same schedule is the same run again. It needs nothing of the program: any
//! language, several processes, threads.
//!
//! ```no_run
//! use explore::{Program, Schedule, What, explore};
//!
//! let program = Program {
//!     command: vec!["python3".into(), "my_program.py".into()],
//!     ..Program::default()
//! };
//! for seed in 0..100 {
//!     let trace = explore(&program, &Schedule::mixed(seed))?;
//!     for event in &trace.events {
//!         if let What::Printed(line) = &event.what {
//!             println!("{line}");
//!         }
//!     }
//! }
//! # Ok::<(), explore::Error>(())
//! ```
//!
//! [`watch`] runs a program as it is, in real time, and notes the same things.
//!
//! # How it works
//!
//! The program runs under ptrace, with a filter (seccomp) that stops it before
//! the system calls that matter: those by which one task notices another, those
//! that wait, and those that ask for the time or for chance (`engine/calls.rs`). Of all
//! tasks that are stopped, one is chosen and goes on to its next stop
//! (`engine/explorer.rs`,
//! `engine/strategy.rs`). A task that must wait does so in the kernel; that
//! it sleeps is seen in /proc, and another one is chosen. Whoever is woken
//! stops at the end of its call, until it is chosen (`engine/progress.rs`).
//!
//! **Time is virtual.** The kernel gets sleeps and time limits without their
//! time. When nobody can go on, the clock jumps to the next moment at which a
//! sleep or a limit ends, so that an hour takes no longer than a second, and
//! what a program measures is exact. With *chaos* a sleeper may be chosen while
//! others could still go on: as if they were slower than his sleep was long.
//! No sleep is ever shorter than it should be, so each explored run is one that
//! could happen on a machine that is slow enough.
//!
//! **Chance is the seed's**: who is chosen, the random numbers that the kernel
//! gives, the date. Memory lies at the same addresses in each run, unless a
//! container does not allow that. Only pids differ.
//!
//! **A deadlock** is a state in which nobody can go on and no time limit will
//! end that; it is told who waits for what.
//!
//! # What it cannot explore
//!
//! - Schedules change at system calls only. What threads do to each other
//!   without one (two atomics; a lock that is free, and so is taken without a
//!   call) happens in one order, unless they yield in between. A program can
//!   tell what it is about to do, and make each such step a scheduling point:
//!   if the environment has `EXPLORED=1`, it makes the system call
//!   `sched_yield` with three arguments: the number `0x6578_706c_6f72_6564`,
//!   and the address and the length of a name, such as `Queue.put`.
//! - Of several tasks that wait at one lock the kernel wakes the one that has
//!   waited longest.
//! - A task that computes without a call for a fifth of a second is stopped
//!   where it is ([`Trace::preempted`] counts that); such a run may differ when
//!   it is repeated.
//! - What lies outside of the program is as it is: other programs, the
//!   network, files that change, `/dev/urandom`, the processor's own counter.
//! - Timers of the kernel run in real time: `alarm`, timerfd, and the time
//!   limits of sockets (`SO_RCVTIMEO`). Who waits for nothing else is taken
//!   for blocked, unless it takes less than some milliseconds.
//! - What is printed by other calls than `write` and `writev` is lost.
//! - A program that traces others, or becomes another user, cannot do that
//!   here.
//! - Memory is sequentially consistent, since one task runs at a time.
//! - It is made for x86-64.
//!
//! When the explorer ends, also if it is killed, the kernel ends the program
//! as well: nobody is left stopped.

#[cfg(target_arch = "x86_64")]
mod engine;
#[cfg(not(target_arch = "x86_64"))]
#[path = "elsewhere.rs"]
mod engine;
mod error;
mod program;
mod schedule;
mod trace;

use std::time::Duration;

pub use error::Error;
pub use program::Program;
pub use schedule::{Schedule, Strategy};
pub use trace::{
    Blocked, Ended, Ending, Event, Task, TaskId, Trace, Wait, What,
};

/// Runs a program under a schedule.
///
/// # Errors
/// If it cannot be started, or this machine does not allow ptrace.
pub fn explore(program: &Program, schedule: &Schedule) -> Result<Trace, Error> {
    engine::explore(program, schedule)
}

/// Runs a program as it is, in real time, and notes what it does. It is ended
/// when it takes longer than `deadline`.
///
/// # Errors
/// As [`explore`].
pub fn watch(program: &Program, deadline: Duration) -> Result<Trace, Error> {
    engine::watch(program, deadline)
}
