//! A task's way through a system call: what the kernel gets to see of it, how
//! a time limit passes, and what the run's record learns from its end.

use std::io;
use std::mem;
use std::time::Duration;

use nix::unistd::Pid;

use crate::engine::calls::{Call, Meaning, Waiting};
use crate::engine::limit::Limit;
use crate::engine::sys::memory;
use crate::engine::sys::registers::Registers;
use crate::engine::sys::stop::{self, Go};
use crate::engine::tracee::{At, Current, Phase, State};
use crate::engine::tracer::Tracer;
use crate::trace::{TaskId, Wait, What};

/// The kernel's own codes for a call that a signal has interrupted.
const INTERRUPTED: [i64; 4] = [-512, -513, -514, -516];
/// Some calls say themselves that they were interrupted, even if the signal is
/// then ignored, which without a tracer they would not notice.
const INTERRUPTED_FOR_GOOD: i64 = -(libc::EINTR as i64);
/// The code that begins the call anew unless a handler has run.
const UNLESS_HANDLED: i64 = -514;

impl Tracer {
    /// Lets a task make the call before which it has stopped.
    pub(crate) fn make_call(
        &mut self,
        id: TaskId,
        call: Call,
    ) -> io::Result<()> {
        if let Some(result) = self.time.answer(&call) {
            return self.answer(id, result);
        }
        let now = self.now();
        let again = self.tracees[id].interrupted.take();
        let Meaning::Wait(mut waiting) = call.meaning() else {
            // Who kills stops after the call until the victims are gone.
            let how = if call.may_kill() || call.looks_for_child() {
                Go::ThroughCall
            } else {
                Go::On
            };
            // The one whom it makes will be asked about the call.
            let kept = how == Go::ThroughCall || call.makes_task();
            self.tracees[id].current = kept.then(|| Current::new(call, now));
            return self.resume(id, how, 0);
        };
        if self.terminal.is_written_by(&call) {
            return self.print(id, &call);
        }
        if call.is_sleep() {
            self.tracees[id].operation = None;
        }
        let mut current = Current::new(call, now);
        match again {
            Some(again) if again.is_begun_anew_by(&call) => {
                current.deadline = again.deadline;
                current.since = again.since;
                if call.number == libc::SYS_restart_syscall
                    && let Some(before) = again.waiting
                {
                    waiting = before;
                }
            }
            _ => {
                let limit = waiting.limit;
                current.deadline = limit.and_then(|it| self.time.deadline(it));
            }
        }
        if call.is_sleep()
            && let Some(limit) = waiting.limit
        {
            let until = current.deadline.unwrap_or(now);
            let rest = self.time.left(limit, until);
            waiting.wait = Wait::Sleep(rest);
        }
        current.waiting = Some(waiting);
        if self.time.is_virtual() && current.deadline.is_some() {
            current.changed = true;
            take_limit_out(&call)?;
        }
        self.tracees[id].current = Some(current);
        self.resume(id, Go::ThroughCall, 0)
    }

    /// Prints for a task; it goes on as if the kernel had done it.
    fn print(&mut self, id: TaskId, call: &Call) -> io::Result<()> {
        let written = call.written();
        let count = written.as_ref().map(|bytes| i64::try_from(bytes.len()));
        let result = match count {
            Some(count) => count.map_err(io::Error::other)?,
            None => -i64::from(libc::EFAULT),
        };
        self.record
            .print(self.now(), id, &written.unwrap_or_default());
        self.tracees[id].operation = None;
        self.answer(id, result)
    }

    /// Lets a task go on whose call the kernel shall not make.
    pub(crate) fn answer(&mut self, id: TaskId, result: i64) -> io::Result<()> {
        let mut registers = Registers::of(self.tracees[id].task)?;
        registers.answer(result);
        registers.store()?;
        self.resume(id, Go::On, 0)
    }

    /// The task that was let go on has fallen asleep.
    pub(crate) fn falls_asleep(&mut self, id: TaskId) {
        let now = self.now();
        let tracee = &mut self.tracees[id];
        tracee.state = State::Waiting;
        let task = tracee.task;
        let current = tracee
            .current
            .get_or_insert_with(|| Current::unexpected(task, now));
        // In the middle of a call it may have woken for nothing.
        let before = mem::replace(&mut current.phase, Phase::Slept);
        if before == Phase::Begun {
            let wait = self.wait_of(id);
            self.note(id, What::Waits(wait));
        }
    }

    /// For what a task waits.
    pub(crate) fn wait_of(&self, id: TaskId) -> Wait {
        match &self.tracees[id].current {
            Some(current) => self.wait_in(id, current),
            None => Wait::Other(-1),
        }
    }

    fn wait_in(&self, id: TaskId, current: &Current) -> Wait {
        let Some(Waiting { wait, .. }) = &current.waiting else {
            return Wait::Other(current.call.number);
        };
        if matches!(wait, Wait::Sleep(_)) {
            return wait.clone();
        }
        let operation = self.tracees[id].operation.clone();
        let thread = self.thread_awaited(id, &current.call);
        thread
            .map(Wait::Thread)
            .or_else(|| operation.map(Wait::Operation))
            .unwrap_or_else(|| wait.clone())
    }

    /// The thread for whose end a task waits in this call, or has waited.
    fn thread_awaited(&self, id: TaskId, call: &Call) -> Option<TaskId> {
        let process = self.tracees[id].process;
        let address = call.awaited_address()?;
        self.tracees.iter().position(|other| {
            other.process == process && other.farewell == address
        })
    }

    /// The time limit of a waiting task passes: it shall go on.
    pub(crate) fn let_pass(&mut self, id: TaskId) -> io::Result<()> {
        let tracee = &mut self.tracees[id];
        tracee.state = State::Running;
        if let Some(current) = &mut tracee.current {
            current.phase = Phase::Late;
        }
        stop::interrupt(tracee.task)
    }

    /// A call is over. Who has had to wait for it stops here.
    pub(crate) fn call_over(&mut self, id: TaskId) -> io::Result<()> {
        let task = self.tracees[id].task;
        let Some(current) = self.tracees[id].current.take() else {
            return self.resume(id, Go::On, 0);
        };
        let mut registers = Registers::of(task)?;
        let result = registers.result();
        let for_good =
            current.waiting.is_some() && result == INTERRUPTED_FOR_GOOD;
        let interrupted = for_good || INTERRUPTED.contains(&result);
        let late = current.phase == Phase::Late;
        if current.changed {
            put_limit_back(&current.call, &mut registers);
        }
        if interrupted && late {
            pass(&current, &mut registers);
        } else if for_good || (interrupted && current.changed) {
            registers.set_result(UNLESS_HANDLED);
            self.tell_rest(&current);
        }
        if current.changed || for_good {
            registers.store()?;
        }
        if interrupted && !late {
            self.tracees[id].interrupted = Some(current.clone());
        }
        self.learn(id, &current, registers.result());
        self.note_wait(id, &current);
        if late {
            // The trap of its interruption comes next.
            self.tracees[id].current = Some(current);
            return self.resume(id, Go::On, 0);
        }
        if current.phase == Phase::Slept || current.call.may_kill() {
            self.stopped(id, At::Pause);
            return Ok(());
        }
        self.resume(id, Go::On, 0)
    }

    /// That a call has had to wait is known only now if time is real.
    fn note_wait(&mut self, id: TaskId, current: &Current) {
        /// Who takes less has not waited.
        const SHORT: Duration = Duration::from_millis(1);

        if current.phase != Phase::Begun {
            self.note(id, What::Woke);
        } else if !self.time.is_virtual()
            && current.waiting.is_some()
            && self.now().saturating_sub(current.since) > SHORT
            && !current.call.is_of_file()
        {
            let wait = self.wait_in(id, current);
            self.record.add(current.since, id, What::Waits(wait));
            self.note(id, What::Woke);
        }
    }

    /// A sleep that a signal has interrupted tells how much is left of it.
    fn tell_rest(&self, current: &Current) {
        let Call {
            task, arguments, ..
        } = current.call;
        let limit = current.waiting.as_ref().and_then(|it| it.limit);
        let address = match (current.call.number, limit) {
            (libc::SYS_nanosleep, _) => arguments[1],
            (libc::SYS_clock_nanosleep, Some(Limit::After(_))) => arguments[3],
            _ => return,
        };
        let until = current.deadline.unwrap_or_default();
        let rest = until.saturating_sub(self.now());
        memory::write_time(task, address, rest);
    }

    /// What the run's record learns from a call that is over.
    fn learn(&mut self, id: TaskId, current: &Current, result: i64) {
        if result < 0 {
            return;
        }
        let now = self.now();
        let child = current.call.ended_child(result);
        let child = child.and_then(|child| self.id_of(child));
        let thread = self.thread_awaited(id, &current.call);
        for other in [child, thread].into_iter().flatten() {
            if self.tracees[other].has_ended() {
                self.record.join(now, id, other);
            }
        }
    }
}

/// Gives the kernel the call without its time limit; a sleep becomes a pause.
fn take_limit_out(call: &Call) -> io::Result<()> {
    let mut registers = Registers::of(call.task)?;
    if call.is_sleep() {
        registers.set_number(libc::SYS_pause);
    } else if let Some((place, value)) = call.limit_argument() {
        registers.set_argument(place, value);
    }
    Ok(registers.store()?)
}

/// Makes the registers what the program expects them to be.
fn put_limit_back(call: &Call, registers: &mut Registers) {
    if call.is_sleep() {
        registers.set_number(call.number);
    } else if let Some((place, _)) = call.limit_argument() {
        registers.set_argument(place, call.arguments[place]);
    }
}

/// What the call returns when its time limit has passed.
fn pass(current: &Current, registers: &mut Registers) {
    let late = current.waiting.as_ref().map_or(0, |it| it.late);
    registers.set_result(late);
    let [sets @ .., _, _] = current.call.arguments;
    if matches!(current.call.number, libc::SYS_select | libc::SYS_pselect6) {
        empty(current.call.task, sets);
    }
}

/// Empties the sets of descriptors of a select in which nothing was ready.
fn empty(task: Pid, [count, sets @ ..]: [u64; 4]) {
    const BITS: u64 = u64::BITS as u64;

    let words = count.min(1 << 16).div_ceil(BITS);
    let zeros = vec![0; usize::try_from(words * BITS / 8).unwrap_or(0)];
    for set in sets {
        memory::write(task, set, &zeros);
    }
}
