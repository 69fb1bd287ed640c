//! Starts a program that reports its system calls.

use std::convert::Infallible;
use std::ffi::c_int;
use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::sys::personality::{self, Persona};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal};
use nix::sys::signal::{kill, signal, sigprocmask};
use nix::unistd::{ForkResult, Pid, chdir, execve, fork, setsid};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use seccompiler::{BpfProgram, apply_filter};

use crate::error::Error;
use crate::program::Found;
use crate::sys::stop;

/// What the new process gets.
pub(crate) struct Start<'a> {
    pub(crate) program: &'a Found,
    pub(crate) stdin: BorrowedFd<'a>,
    pub(crate) stdout: BorrowedFd<'a>,
    pub(crate) stderr: BorrowedFd<'a>,
    /// The calls that it shall report.
    pub(crate) filter: &'a BpfProgram,
    /// Whether its memory shall lie at the same addresses each time.
    pub(crate) same_addresses: bool,
}

/// A process that is being traced and will become the program.
pub(crate) struct Launched {
    pub(crate) process: Pid,
    failure: io::PipeReader,
}

impl Launched {
    /// Why it could not become the program, once it has ended without.
    pub(crate) fn failure(mut self) -> io::Error {
        let mut number = [0; size_of::<c_int>()];
        match self.failure.read_exact(&mut number) {
            Ok(()) => {
                io::Error::from_raw_os_error(c_int::from_ne_bytes(number))
            }
            Err(error) => error,
        }
    }
}

/// Starts the program. It waits until it is traced.
pub(crate) fn launch(start: &Start<'_>) -> Result<Launched, Error> {
    let failed = |what| move |source| Error::System { what, source };
    let (gate, mut open) = io::pipe().map_err(failed("make a pipe"))?;
    let (failure, report) = io::pipe().map_err(failed("make a pipe"))?;
    // SAFETY: other threads of this process may hold any lock at this moment,
    // also that of the allocator. Until it becomes the program or exits, the
    // child makes system calls on what was made ready before the fork, and
    // nothing else: it neither allocates, prints, locks nor returns from here.
    let child = match unsafe { fork() } {
        Ok(ForkResult::Parent { child }) => child,
        Ok(ForkResult::Child) => {
            drop(open);
            let Err(error) = become_program(start, gate);
            let error = (error as c_int).to_ne_bytes();
            let _ = (&report).write_all(&error);
            // SAFETY: _exit only ends the process; it runs no code of it.
            unsafe { libc::_exit(127) }
        }
        Err(error) => return Err(failed("fork")(error.into())),
    };
    drop(report);
    let launched = Launched {
        process: child,
        failure,
    };
    if let Err(error) = stop::seize(child) {
        // It would not read the end of the pipe: a process that another thread
        // has just forked holds the pipe open as well.
        let _ = kill(child, Signal::SIGKILL);
        let _ = nix::sys::wait::waitpid(child, None);
        return Err(Error::Forbidden(error.into()));
    }
    open.write_all(&[1]).map_err(failed("start the program"))?;
    Ok(launched)
}

/// In the child: see the fork.
fn become_program(
    start: &Start<'_>,
    mut gate: io::PipeReader,
) -> Result<Infallible, Errno> {
    let last = |error: io::Error| {
        Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
    };
    let other =
        |error: rustix::io::Errno| Errno::from_raw(error.raw_os_error());
    // Nobody traces it if the gate closes without a word.
    gate.read_exact(&mut [0]).map_err(last)?;
    setsid()?;
    let Found {
        path,
        arguments,
        variables,
        folder,
    } = start.program;
    if let Some(folder) = folder {
        chdir(folder.as_c_str())?;
    }
    dup2_stdin(start.stdin).map_err(other)?;
    dup2_stdout(start.stdout).map_err(other)?;
    dup2_stderr(start.stderr).map_err(other)?;
    if start.same_addresses {
        // A container may refuse it. Few programs notice where they lie.
        let _ = personality::get().and_then(|persona| {
            personality::set(persona | Persona::ADDR_NO_RANDOMIZE)
        });
    }
    // What this process ignores or holds back, the program would as well.
    for number in [Signal::SIGPIPE, Signal::SIGINT, Signal::SIGQUIT] {
        // SAFETY: the default action is no handler of this program's.
        unsafe { signal(number, SigHandler::SigDfl) }?;
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    apply_filter(start.filter).map_err(|_| Errno::EPERM)?;
    execve(path, arguments, variables)
}
