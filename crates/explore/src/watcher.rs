//! Watches a run as it is: in real time, with nobody held back.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};

use crate::error::Error;
use crate::program::Program;
use crate::sys::stop;
use crate::time::Time;
use crate::trace::Trace;
use crate::tracee::State;
use crate::tracer::{End, Tracer};

pub(crate) fn watch(
    program: &Program,
    deadline: Duration,
) -> Result<Trace, Error> {
    let failed = |source| Error::System {
        what: "trace the program",
        source,
    };
    let mut tracer = Tracer::start(program, Time::Real(Instant::now()))?;
    let group = tracer.tracees[0].process;
    let is_late = AtomicBool::new(false);
    let (over, ends) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let is_late = &is_late;
        scope.spawn(move || {
            let late = ends.recv_timeout(deadline);
            if late == Err(RecvTimeoutError::Timeout) {
                is_late.store(true, Ordering::SeqCst);
                // The first to die wakes the one who watches.
                let _ = killpg(group, Signal::SIGKILL);
            }
        });
        let followed = follow(&mut tracer, is_late);
        drop(over);
        followed
    })
    .map_err(failed)?;
    let end = if is_late.into_inner() {
        tracer.note_waits();
        End::TooLong
    } else {
        End::Over
    };
    tracer.end().map_err(failed)?;
    tracer.trace(end)
}

/// Takes all reports, until everybody is gone or it is too late.
fn follow(tracer: &mut Tracer, is_late: &AtomicBool) -> io::Result<()> {
    while !tracer.is_over() {
        let Some((task, stop)) = stop::next(true)? else {
            break;
        };
        tracer.report(task, stop)?;
        if is_late.load(Ordering::SeqCst) {
            break;
        }
        for id in 0..tracer.tracees.len() {
            if matches!(tracer.tracees[id].state, State::Ready(_)) {
                tracer.go(id)?;
            }
        }
    }
    Ok(())
}
