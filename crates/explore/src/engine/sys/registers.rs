//! The registers of a stopped task, as x86-64 has them: the only file that
//! knows the processor.

use libc::user_regs_struct;
use nix::sys::ptrace;
use nix::unistd::Pid;
use seccompiler::TargetArch;

/// The processor for which the filter of system calls is made.
pub(crate) const ARCHITECTURE: TargetArch = TargetArch::x86_64;

/// The registers of a task that is stopped at a system call.
#[derive(Clone, Copy)]
pub(crate) struct Registers {
    task: Pid,
    values: user_regs_struct,
}

impl Registers {
    pub(crate) fn of(task: Pid) -> nix::Result<Self> {
        let values = ptrace::getregs(task)?;
        Ok(Self { task, values })
    }

    /// Gives them back to the task.
    pub(crate) fn store(&self) -> nix::Result<()> {
        ptrace::setregs(self.task, self.values)
    }

    /// Which system call it is.
    pub(crate) fn number(&self) -> i64 {
        self.values.orig_rax.cast_signed()
    }

    pub(crate) fn set_number(&mut self, number: i64) {
        self.values.orig_rax = number.cast_unsigned();
    }

    pub(crate) fn arguments(&self) -> [u64; 6] {
        let it = &self.values;
        [it.rdi, it.rsi, it.rdx, it.r10, it.r8, it.r9]
    }

    pub(crate) fn set_argument(&mut self, place: usize, value: u64) {
        let it = &mut self.values;
        let all = [
            &mut it.rdi,
            &mut it.rsi,
            &mut it.rdx,
            &mut it.r10,
            &mut it.r8,
            &mut it.r9,
        ];
        if let Some(register) = all.into_iter().nth(place) {
            *register = value;
        }
    }

    /// What the call returns, when it is over.
    pub(crate) fn result(&self) -> i64 {
        self.values.rax.cast_signed()
    }

    pub(crate) fn set_result(&mut self, result: i64) {
        self.values.rax = result.cast_unsigned();
    }

    /// At the beginning of a call: the kernel shall not make it, and the task
    /// shall see this result.
    pub(crate) fn answer(&mut self, result: i64) {
        self.set_number(-1);
        self.set_result(result);
    }

    /// Where the task is in its program.
    pub(crate) fn place(&self) -> u64 {
        self.values.rip
    }

    pub(crate) fn stack(&self) -> u64 {
        self.values.rsp
    }
}
