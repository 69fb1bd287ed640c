//! What a run did: its tasks, and what happened to them, in order.

use std::fmt;
use std::time::Duration;

/// One run of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Its processes and threads, in the order of their births. The first is
    /// the program's main thread.
    pub tasks: Vec<Task>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// How it ended.
    pub ending: Ending,
    /// Those who waited for ever when the program's main process had ended.
    pub left_behind: Vec<Blocked>,
    /// From its start to its end, on the clock of the run.
    pub elapsed: Duration,
    /// All of its stderr.
    pub stderr: String,
    /// How often the scheduler chose who goes on.
    pub choices: u64,
    /// How often a task was stopped because it ran on and on without a call.
    /// If this is not 0, the same seed may give another run.
    pub preempted: u64,
}

/// A task is a process or a thread; this is its place in [`Trace::tasks`].
pub type TaskId = usize;

/// A process, which is its first thread, or another thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The process to which it belongs.
    pub pid: i32,
    /// The kernel's number of the thread, which is `pid` for the first one.
    pub tid: i32,
    /// Who started it; None: the explorer.
    pub parent: Option<TaskId>,
    /// The name that it gave itself, if it did.
    pub name: Option<String>,
}

impl Task {
    /// Whether it is a process of its own, and not a further thread of one.
    #[must_use]
    pub fn is_process(&self) -> bool {
        self.pid == self.tid
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, from the start of the run, on the clock of the run.
    pub at: Duration,
    /// To whom.
    pub task: TaskId,
    /// What.
    pub what: What,
}

/// What can happen to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The scheduler lets it go on; the task that ran before pauses here. Only
    /// in explored runs: in a real run all tasks that do not wait run.
    Chosen,
    /// It has started another task.
    Started(TaskId),
    /// It does something with an object that it shares with others, and says
    /// so itself: `Queue.put`.
    Operation(String),
    /// From here on it waits.
    Waits(Wait),
    /// It waits no more.
    Woke,
    /// It has printed a line on stdout: here without its newline.
    Printed(String),
    /// It has learned that a task has ended for which it waited.
    Joined(TaskId),
    /// It has ended.
    Ended(Ended),
}

/// What a task waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// For a time to pass.
    Sleep(Duration),
    /// In an operation that has said so itself: `Queue.get`.
    Operation(String),
    /// For a lock, or whatever else stands on a futex.
    Lock,
    /// For something to read.
    Read,
    /// For room to write.
    Write,
    /// For one of several things to happen: poll, select, epoll.
    Poll,
    /// For a child to end.
    Child,
    /// For this thread to end.
    Thread(TaskId),
    /// For a signal.
    Signal,
    /// For its child to give back the memory that it has borrowed (vfork).
    Borrower,
    /// In another system call, of this number.
    Other(i64),
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this status; a thread that returns exits with 0.
    Exited(i32),
    /// This signal ended its process.
    Signaled(i32),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The program's main process has ended so.
    Ended(Ended),
    /// Everybody waits for ever, the main process among them.
    Deadlock(Vec<Blocked>),
    /// It was still at work after so many choices as it may take, or when its
    /// time was over, and was ended.
    TooLong,
}

/// One of those who wait for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// Who.
    pub task: TaskId,
    /// For what.
    pub wait: Wait,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sleep(time) => write!(f, "sleeps {} s", time.as_secs_f64()),
            Self::Operation(name) => write!(f, "waits in {name}"),
            Self::Lock => f.write_str("waits at a lock"),
            Self::Read => f.write_str("waits for something to read"),
            Self::Write => f.write_str("waits for room to write"),
            Self::Poll => f.write_str("waits for one of several things"),
            Self::Child => f.write_str("waits for a child to end"),
            Self::Thread(_) => f.write_str("waits for a thread to end"),
            Self::Signal => f.write_str("waits for a signal"),
            Self::Borrower => f.write_str("waits for a child to begin"),
            Self::Other(number) => write!(f, "waits in system call {number}"),
        }
    }
}
