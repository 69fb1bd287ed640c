//! What a call is about, and what came of it, as far as that lies in the
//! memory of the task.

use std::ffi::c_int;
use std::fs::metadata;

use nix::unistd::Pid;

use crate::engine::calls::Call;
use crate::engine::sys::memory::{read, read_word};

/// By this first argument of `sched_yield`, which has none, a program tells
/// that the others are the address and the length of the name of what it is
/// about to do: `explored` in ASCII.
const TOLD: u64 = 0x6578_706c_6f72_6564;
/// No name is longer.
const LONGEST_NAME: usize = 100;
/// Who prints more at once is told that so much was printed.
const LONGEST_WRITE: usize = 1 << 20;

impl Call {
    /// Whether the program says by it what it is about to do.
    pub(crate) fn tells(&self) -> bool {
        self.number == libc::SYS_sched_yield && self.arguments[0] == TOLD
    }

    /// What the program says that it is about to do.
    pub(crate) fn operation(&self) -> Option<String> {
        if !self.tells() {
            return None;
        }
        let [_, address, length, ..] = self.arguments;
        let length = usize::try_from(length).ok()?.min(LONGEST_NAME);
        let name = read(self.task, address, length);
        Some(String::from_utf8_lossy(&name).into_owned())
    }

    /// Whether it reads or writes a file: a disk may be slow, but nobody else
    /// is waited for.
    pub(crate) fn is_of_file(&self) -> bool {
        let transfers = matches!(
            self.number,
            libc::SYS_read
                | libc::SYS_readv
                | libc::SYS_write
                | libc::SYS_writev
        );
        let path = format!("/proc/{}/fd/{}", self.task, self.int(0));
        transfers && metadata(path).is_ok_and(|it| it.is_file())
    }

    pub(crate) fn makes_task(&self) -> bool {
        matches!(
            self.number,
            libc::SYS_clone
                | libc::SYS_clone3
                | libc::SYS_fork
                | libc::SYS_vfork
        )
    }

    /// The flags of a call that makes a task.
    fn flags(&self) -> u64 {
        match self.number {
            libc::SYS_clone => self.arguments[0],
            libc::SYS_clone3 => {
                read_word(self.task, self.arguments[0]).unwrap_or(0)
            }
            _ => 0,
        }
    }

    fn has(&self, flag: c_int) -> bool {
        self.flags() & u64::from(flag.unsigned_abs()) != 0
    }

    pub(crate) fn makes_thread(&self) -> bool {
        self.has(libc::CLONE_THREAD)
    }

    /// The address at which the kernel tells of the end of the new task; 0:
    /// it does not.
    pub(crate) fn farewell(&self) -> u64 {
        /// Where `struct clone_args` has it.
        const OFFSET: u64 = 16;

        if !self.has(libc::CLONE_CHILD_CLEARTID) {
            return 0;
        }
        match self.number {
            libc::SYS_clone => self.arguments[3],
            _ => read_word(self.task, self.arguments[0] + OFFSET).unwrap_or(0),
        }
    }

    /// The address at which a futex call waits.
    pub(crate) fn awaited_address(&self) -> Option<u64> {
        let address = self.arguments[0];
        let waits = self.number == libc::SYS_futex && self.futex_waits();
        (waits && address != 0).then_some(address)
    }

    /// The bytes that a call writes, as many as it shall write at once; None:
    /// it says where they are, but nothing is there.
    pub(crate) fn written(&self) -> Option<Vec<u8>> {
        let [_, address, count, ..] = self.arguments;
        let parts = match self.number {
            libc::SYS_writev => self.parts(address, count),
            _ => vec![(address, count)],
        };
        let mut bytes = Vec::new();
        let is_empty = parts.iter().all(|(_, length)| *length == 0);
        for (base, length) in parts {
            let left = LONGEST_WRITE - bytes.len();
            let length = usize::try_from(length).unwrap_or(left).min(left);
            bytes.extend(read(self.task, base, length));
        }
        (is_empty || !bytes.is_empty()).then_some(bytes)
    }

    /// The addresses and lengths in an array of `struct iovec`.
    fn parts(&self, address: u64, count: u64) -> Vec<(u64, u64)> {
        let word = |at| read_word(self.task, at).unwrap_or(0);
        let parts = (0..count.min(1024)).map(|part| address + part * 16);
        parts.map(|part| (word(part), word(part + 8))).collect()
    }

    /// The child of whose end a call has learned.
    pub(crate) fn ended_child(&self, result: i64) -> Option<Pid> {
        /// Where `siginfo_t` has the pid.
        const OFFSET: u64 = 16;

        let pid = match self.number {
            libc::SYS_wait4 => i32::try_from(result).ok()?,
            libc::SYS_waitid => {
                let word = self.arguments[2].checked_add(OFFSET)?;
                let bytes = read(self.task, word, size_of::<i32>());
                i32::from_ne_bytes(bytes.try_into().ok()?)
            }
            _ => return None,
        };
        (pid > 0).then(|| Pid::from_raw(pid))
    }
}
