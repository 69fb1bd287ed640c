//! Watches a run as it is: in real time, with nobody held back.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::engine::sys::stop;
use crate::engine::time::Time;
use crate::engine::tracee::State;
use crate::engine::tracer::{End, Tracer};
use crate::error::Error;
use crate::program::Program;
use crate::trace::Trace;

pub(crate) fn watch(
    program: &Program,
    deadline: Duration,
) -> Result<Trace, Error> {
    let failed = |source| Error::System {
        what: "trace the program",
        source,
    };
    let mut tracer = Tracer::start(program, Time::Real(Instant::now()))?;
    let somebody = AtomicI32::new(tracer.tracees[0].process.as_raw());
    let is_late = AtomicBool::new(false);
    let (over, ends) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let (is_late, somebody) = (&is_late, &somebody);
        scope.spawn(move || {
            let late = ends.recv_timeout(deadline);
            if late == Err(RecvTimeoutError::Timeout) {
                is_late.store(true, Ordering::SeqCst);
                // Its death wakes the one who watches.
                let process = Pid::from_raw(somebody.load(Ordering::SeqCst));
                let _ = kill(process, Signal::SIGKILL);
            }
        });
        let followed = follow(&mut tracer, is_late, somebody);
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
fn follow(
    tracer: &mut Tracer,
    is_late: &AtomicBool,
    somebody: &AtomicI32,
) -> io::Result<()> {
    while let Some(alive) = tracer.tracees.iter().find(|it| it.is_alive()) {
        somebody.store(alive.process.as_raw(), Ordering::SeqCst);
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
