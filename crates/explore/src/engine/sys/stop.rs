//! Stops: how a traced task reports, and how it is let go on.

use std::ffi::c_int;
use std::io;
use std::ptr;

use nix::sys::ptrace::{self, Options};
use nix::unistd::Pid;
use rustix::process::{WaitOptions, wait as wait_for_any};

/// Why a task reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is about to make a system call that the filter names.
    Call,
    /// A system call is over.
    CallOver,
    /// It has made another task of this number.
    Birth(Pid),
    /// As [`Stop::Birth`], and it will sleep until that one has begun.
    Loan(Pid),
    /// The one to whom it lent its memory has begun.
    LoanOver,
    /// It runs another program now.
    Exec,
    /// It is about to end.
    Exit,
    /// It has just been born, or it was interrupted.
    Trap,
    /// A signal has stopped its whole process, as Ctrl-Z does.
    Halt,
    /// It is about to receive a signal.
    Signal(c_int),
    /// It is gone: it had exited with this status.
    Exited(i32),
    /// It is gone: this signal has ended it.
    Killed(c_int),
}

/// Begins to trace a process and all whom it will start. When the tracing
/// thread ends, the kernel kills them.
pub(crate) fn seize(process: Pid) -> nix::Result<()> {
    ptrace::seize(
        process,
        Options::PTRACE_O_EXITKILL
            | Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACESECCOMP
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACEVFORKDONE
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_TRACEEXIT,
    )
}

/// The next report of any task that this thread traces. None: with `wait`,
/// there is nobody left; without, nobody has anything to report.
pub(crate) fn next(wait: bool) -> io::Result<Option<(Pid, Stop)>> {
    // Other threads of this process may have children and tracees of theirs.
    let mut options = libc::__WALL | libc::__WNOTHREAD;
    if !wait {
        options |= libc::WNOHANG;
    }
    let options = WaitOptions::from_bits_retain(options.cast_unsigned());
    loop {
        return match wait_for_any(options) {
            Ok(None) | Err(rustix::io::Errno::CHILD) => Ok(None),
            Ok(Some((pid, status))) => {
                let pid = Pid::from_raw(pid.as_raw_nonzero().get());
                Ok(Some((pid, read(pid, status.as_raw())?)))
            }
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => Err(error.into()),
        };
    }
}

/// What a status of waitpid says.
fn read(task: Pid, status: c_int) -> io::Result<Stop> {
    /// What `PTRACE_O_TRACESYSGOOD` adds to the signal.
    const CALL_OVER: c_int = libc::SIGTRAP | 0x80;

    if libc::WIFEXITED(status) {
        return Ok(Stop::Exited(libc::WEXITSTATUS(status)));
    }
    if libc::WIFSIGNALED(status) {
        return Ok(Stop::Killed(libc::WTERMSIG(status)));
    }
    let signal = libc::WSTOPSIG(status);
    Ok(match status >> 16 {
        libc::PTRACE_EVENT_SECCOMP => Stop::Call,
        libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_CLONE => {
            Stop::Birth(newborn(task)?)
        }
        libc::PTRACE_EVENT_VFORK => Stop::Loan(newborn(task)?),
        libc::PTRACE_EVENT_VFORK_DONE => Stop::LoanOver,
        libc::PTRACE_EVENT_EXEC => Stop::Exec,
        libc::PTRACE_EVENT_EXIT => Stop::Exit,
        libc::PTRACE_EVENT_STOP if signal == libc::SIGTRAP => Stop::Trap,
        libc::PTRACE_EVENT_STOP => Stop::Halt,
        _ if signal == CALL_OVER => Stop::CallOver,
        _ => Stop::Signal(signal),
    })
}

/// The number, until now, of the thread that has begun another program.
pub(crate) fn former_number(task: Pid) -> io::Result<Pid> {
    message(task)
}

fn newborn(parent: Pid) -> io::Result<Pid> {
    message(parent)
}

/// The number of a task that comes with some reports.
fn message(task: Pid) -> io::Result<Pid> {
    let number = ptrace::getevent(task)?;
    let number = i32::try_from(number).map_err(io::Error::other)?;
    Ok(Pid::from_raw(number))
}

/// How a stopped task goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Go {
    /// Until something happens that is always reported.
    On,
    /// The same; and it reports when the system call is over.
    ThroughCall,
    /// It stays where it is, until its process is let go on by SIGCONT.
    Nowhere,
}

/// Lets a stopped task go on, with a signal to receive; 0: none. It may have
/// been killed in the meantime, which it will report.
pub(crate) fn resume(task: Pid, how: Go, signal: c_int) -> io::Result<()> {
    let request = match how {
        Go::On => libc::PTRACE_CONT,
        Go::ThroughCall => libc::PTRACE_SYSCALL,
        Go::Nowhere => libc::PTRACE_LISTEN,
    };
    let signal = ptr::without_provenance_mut::<libc::c_void>(
        usize::try_from(signal).unwrap_or_default(),
    );
    let nowhere = ptr::null_mut::<libc::c_void>();
    // SAFETY: these requests read and write no memory of this process: the
    // address is ignored, and the data is a number. They do something to a
    // task only if this thread traces it and it is stopped, else they fail.
    // (nix offers the same for the signals that it knows, and glibc sends
    // itself others.)
    let done = unsafe { libc::ptrace(request, task.as_raw(), nowhere, signal) };
    if done == 0 {
        return Ok(());
    }
    match io::Error::last_os_error() {
        gone if gone.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        error => Err(error),
    }
}

/// Interrupts a task, also in a system call.
pub(crate) fn interrupt(task: Pid) -> io::Result<()> {
    match ptrace::interrupt(task) {
        Ok(()) | Err(nix::Error::ESRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
