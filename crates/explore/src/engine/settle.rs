//! Waits until a step is over: until everybody has stopped, sleeps, or is gone.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::sched_yield;

use crate::engine::explorer::Explorer;
use crate::engine::sys::stop;
use crate::engine::tracee::{State, Tracee};
use crate::trace::TaskId;

/// A task may use a processor so long without a system call, and is looked
/// after so often.
const SLICE: Duration = Duration::from_millis(200);
const LOOK: Duration = Duration::from_millis(50);
/// So long nobody must have moved before it counts as a deadlock: something
/// outside of the program may still wake somebody.
const GRACE: Duration = Duration::from_millis(5);
/// After so many looks for a report, who computes is disturbed less often.
const HASTE: u32 = 100;
const NAP: Duration = Duration::from_micros(20);

impl Explorer {
    /// Waits until everybody has stopped, sleeps, or is gone.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        let before = self.tracer.record.events.len();
        self.wait_until_quiet()?;
        // In which order the others have reported is the kernel's affair.
        let now = self.tracer.now();
        self.tracer.record.order(before, self.last, now);
        Ok(())
    }

    fn wait_until_quiet(&mut self) -> io::Result<()> {
        let mut since = Instant::now();
        let mut used = None;
        let mut looks = 0_u32;
        loop {
            if self.take_reports()? {
                (since, used, looks) = (Instant::now(), None, 0);
                self.in_haste = true;
            }
            // Who has stopped in the meantime has a report.
            if !self.somebody_moves() && !self.take_reports()? {
                return Ok(());
            }
            looks += 1;
            self.in_haste = looks <= HASTE;
            if self.in_haste {
                sched_yield()?;
            } else {
                thread::sleep(NAP);
            }
            if looks.is_multiple_of(64) && since.elapsed() > LOOK {
                if self.is_late() {
                    return Ok(());
                }
                since = Instant::now();
                // On a busy machine most of the time is that of others.
                let now = self.processor_time();
                let used = *used.get_or_insert(now);
                if now.saturating_sub(used) + LOOK > SLICE {
                    self.preempt()?;
                }
            }
        }
    }

    /// Takes all reports that there are; says whether there was one.
    fn take_reports(&mut self) -> io::Result<bool> {
        let mut any = false;
        while let Some((task, stop)) = stop::next(false)? {
            self.tracer.report(task, stop)?;
            any = true;
        }
        Ok(any)
    }

    /// Of those who run.
    fn processor_time(&self) -> Duration {
        let tracees = self.tracer.tracees.iter();
        let running = tracees.filter(|it| it.state == State::Running);
        running.filter_map(Tracee::processor_time).sum()
    }

    /// Whether somebody is between two stops.
    fn somebody_moves(&mut self) -> bool {
        // Mostly it is the one who was let go on. Only when he is quiet it
        // matters whom he has woken.
        let runs = |it: &State| matches!(it, State::Running | State::Dying);
        self.any_moves(runs) || self.any_moves(|it| !runs(it))
    }

    fn any_moves(&mut self, among: impl Fn(&State) -> bool) -> bool {
        let mut moves = false;
        for id in 0..self.tracer.tracees.len() {
            if among(&self.tracer.tracees[id].state) {
                moves |= self.moves(id);
            }
        }
        moves
    }

    fn moves(&mut self, id: TaskId) -> bool {
        let tracee = &self.tracer.tracees[id];
        match tracee.state {
            State::Gone => false,
            // Who is not in a call that waits will most likely report soon.
            State::Running if self.in_haste && !tracee.in_call => true,
            State::Running => {
                let asleep = tracee.asleep_at();
                if asleep.is_some() {
                    self.progress();
                    self.tracer.tracees[id].slept_at = asleep;
                    self.tracer.falls_asleep(id);
                }
                asleep.is_none()
            }
            State::Waiting => {
                let asleep = tracee.still_sleeps();
                if !asleep {
                    self.tracer.tracees[id].state = State::Running;
                }
                !asleep
            }
            State::Lent => !matches!(tracee.letter(), Some(b'S' | b'D')),
            State::Ready(_) | State::Halted => {
                // Who is killed while it is stopped runs to its end.
                self.may_kill && tracee.letter() != Some(b't')
            }
            // The first thread of a process stays until the others are gone.
            State::Dying => {
                let process = tracee.process;
                let waits = tracee.letter() == Some(b'Z')
                    && tracee.task == process
                    && self.tracer.tracees.iter().any(|other| {
                        other.is_alive()
                            && other.process == process
                            && other.task != process
                    });
                !waits
            }
        }
    }

    /// Stops those who run on and on: maybe they wait for somebody.
    fn preempt(&mut self) -> io::Result<()> {
        self.chooser.be_fair();
        let mut later = self.tracer.now();
        for tracee in &self.tracer.tracees {
            if tracee.state == State::Running {
                self.preempted += 1;
                self.was_preempted = true;
                stop::interrupt(tracee.task)?;
                // Else those who sleep would never wake.
                later += SLICE;
            }
        }
        self.tracer.time.reach(later);
        Ok(())
    }

    /// Nobody can go on: whether somebody moves again all the same, for a
    /// reason outside of the program.
    pub(super) fn moves_again(&mut self) -> io::Result<bool> {
        let since = Instant::now();
        while since.elapsed() < GRACE {
            if self.somebody_moves() {
                self.settle()?;
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(false)
    }
}
