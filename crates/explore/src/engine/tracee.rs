//! A task as its tracer knows it.

use std::ffi::c_int;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use nix::unistd::Pid;

use crate::engine::calls::{Call, Waiting};

/// A task that is being traced.
#[derive(Debug)]
pub(crate) struct Tracee {
    pub(crate) task: Pid,
    pub(crate) process: Pid,
    pub(crate) state: State,
    /// The call that the kernel is executing for it.
    pub(crate) current: Option<Current>,
    /// The waiting call that a signal has interrupted, and that the kernel
    /// will begin anew.
    pub(crate) interrupted: Option<Current>,
    /// What it says that it is doing.
    pub(crate) operation: Option<String>,
    /// The address at which the kernel will tell others that it has ended.
    pub(crate) farewell: u64,
    /// Whether it is in a call of which it will report the end: it may sleep.
    pub(crate) in_call: bool,
    /// How many questions it has asked since it was chosen.
    pub(crate) asked: u32,
    /// Where it has fallen asleep.
    pub(crate) slept_at: Option<Whereabouts>,
    /// None: it is gone.
    files: Option<Files>,
}

/// What the kernel tells of a task.
#[derive(Debug)]
struct Files {
    stat: File,
    wchan: File,
}

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It has stopped, and goes on when it is chosen.
    Ready(At),
    /// It has been let go on, and will stop, wait or end.
    Running,
    /// The kernel will wake it.
    Waiting,
    /// A child uses its memory.
    Lent,
    /// Its process was halted by a signal.
    Halted,
    /// It will be gone in a moment.
    Dying,
    /// It is gone.
    Gone,
}

/// The function of the kernel in which a task sleeps or is stopped; `0`: it
/// does neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whereabouts {
    name: [u8; 32],
}

impl Whereabouts {
    fn is_off_the_processor(self) -> bool {
        !matches!(self.name, [b'0' | 0, ..])
    }
}

/// Where a task has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// Somewhere between two calls.
    Pause,
    /// Before a call.
    Call(Call),
    /// With a signal to receive.
    Signal(c_int),
}

/// A call that the kernel is executing.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub(crate) call: Call,
    /// If it may wait: for what.
    pub(crate) waiting: Option<Waiting>,
    /// When its time limit passes.
    pub(crate) deadline: Option<Duration>,
    /// When it began.
    pub(crate) since: Duration,
    /// Whether the kernel got it in another form, without its time limit.
    pub(crate) changed: bool,
    pub(crate) phase: Phase,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It has begun.
    Begun,
    /// It has had to wait.
    Slept,
    /// Its time limit has passed.
    Late,
}

impl Tracee {
    pub(crate) fn new(task: Pid, process: Pid) -> io::Result<Self> {
        let file =
            |name| File::open(format!("/proc/{process}/task/{task}/{name}"));
        Ok(Self {
            task,
            process,
            state: State::Running,
            current: None,
            interrupted: None,
            operation: None,
            farewell: 0,
            in_call: false,
            asked: 0,
            slept_at: None,
            files: Some(Files {
                stat: file("stat")?,
                wchan: file("wchan")?,
            }),
        })
    }

    /// The kernel's letter for what it is doing: `S` sleeps, `R` runs, `t` is
    /// stopped by its tracer; None: it is gone.
    pub(crate) fn letter(&self) -> Option<u8> {
        /// A name of 15 bytes at most, which may contain anything, stands in
        /// parentheses before the letter.
        const ENOUGH: usize = 64;

        let mut text = [0; ENOUGH];
        let stat = &self.files.as_ref()?.stat;
        let count = stat.read_at(&mut text, 0).ok()?;
        let text = &text[..count];
        let name_end = text.iter().rposition(|byte| *byte == b')')?;
        text.get(name_end + 2).copied()
    }

    /// Where in the kernel it is, if it sleeps there until somebody wakes it.
    ///
    /// The letter alone does not tell: a task that is about to sleep has it
    /// already, and may find that it need not.
    pub(crate) fn asleep_at(&self) -> Option<Whereabouts> {
        let whereabouts = self.whereabouts();
        let sleeps =
            whereabouts.is_off_the_processor() && self.letter() == Some(b'S');
        sleeps.then_some(whereabouts)
    }

    /// Whether it still sleeps where it has slept before.
    pub(crate) fn still_sleeps(&self) -> bool {
        self.slept_at == Some(self.whereabouts())
    }

    fn whereabouts(&self) -> Whereabouts {
        let mut name = [0; 32];
        if let Some(files) = &self.files {
            // Nothing can be read of a task that has just gone.
            let _ = files.wchan.read_at(&mut name, 0);
        }
        Whereabouts { name }
    }

    /// It is gone, and nobody asks after it again.
    pub(crate) fn goes(&mut self) {
        self.state = State::Gone;
        self.files = None;
    }

    /// How long it has used a processor.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        let Self { task, process, .. } = self;
        let path = format!("/proc/{process}/task/{task}/schedstat");
        let text = fs::read_to_string(path).ok()?;
        let nanoseconds = text.split(' ').next()?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state, State::Dying | State::Gone)
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.state != State::Gone
    }

    /// When its sleep is over or its time limit passes.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        if self.state != State::Waiting {
            return None;
        }
        self.current.as_ref()?.deadline
    }
}

impl Current {
    pub(crate) fn new(call: Call, since: Duration) -> Self {
        Self {
            call,
            waiting: None,
            deadline: None,
            since,
            changed: false,
            phase: Phase::Begun,
        }
    }

    /// A call of which nothing is known but what the kernel tells: it was
    /// not expected to wait.
    pub(crate) fn unexpected(task: Pid, since: Duration) -> Self {
        let path = format!("/proc/{task}/syscall");
        let told = fs::read_to_string(path).unwrap_or_default();
        let number = told.split(' ').next().and_then(|it| it.parse().ok());
        let call = Call {
            task,
            number: number.unwrap_or(-1),
            arguments: [0; 6],
            place: 0,
        };
        Self::new(call, since)
    }

    /// Whether `call` is this one again, after an interruption.
    pub(crate) fn is_begun_anew_by(&self, call: &Call) -> bool {
        call.number == libc::SYS_restart_syscall
            || (call.number == self.call.number
                && call.place == self.call.place)
    }
}
