//! The system calls that matter: where another task may be chosen, where a task
//! may have to wait, and which the explorer answers itself.

use std::collections::BTreeMap;
use std::ffi::c_int;

use libc::c_long;
use nix::unistd::Pid;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp,
    SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::engine::limit::{Limit, Place};
use crate::engine::sys::registers::{ARCHITECTURE, Registers};
use crate::error::Error;
use crate::trace::Wait;

/// A system call that a task is about to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) task: Pid,
    pub(crate) number: c_long,
    pub(crate) arguments: [u64; 6],
    /// Where in the program it stands.
    pub(crate) place: u64,
}

/// What a call means to a scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It may change what others see, and it does not wait.
    Action,
    /// It may have to wait.
    Wait(Waiting),
}

/// A call that may have to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) wait: Wait,
    pub(crate) limit: Option<Limit>,
    /// What the call returns when its time limit has passed.
    pub(crate) late: i64,
}

/// Calls to which the explorer has an answer of its own.
const QUESTIONS: &[c_long] = &[
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_time,
    libc::SYS_getrandom,
    libc::SYS_sched_getaffinity,
];

/// Calls that others may notice, and that return at once.
const ACTIONS: &[c_long] = &[
    libc::SYS_sched_yield,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_shutdown,
];

/// Calls that read, and wait until there is something.
const READS: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_mq_timedreceive,
    libc::SYS_msgrcv,
];

/// Calls that write, and wait until there is room.
const WRITES: &[c_long] = &[
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_connect,
    libc::SYS_mq_timedsend,
    libc::SYS_msgsnd,
];

/// Calls that wait for something else.
const WAITS: &[c_long] = &[
    libc::SYS_futex,
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_select,
    libc::SYS_pselect6,
    libc::SYS_epoll_wait,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_pause,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_flock,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_restart_syscall,
    libc::SYS_futex_waitv,
];

/// The filter that makes a program report these calls and no others; questions
/// only if somebody answers them.
pub(crate) fn filter(questions: bool) -> Result<BpfProgram, Error> {
    let failed = |error: seccompiler::BackendError| Error::System {
        what: "make a filter of system calls",
        source: std::io::Error::other(error),
    };
    let questions = if questions { QUESTIONS } else { &[] };
    let all = [questions, ACTIONS, READS, WRITES, WAITS].concat();
    let any = |number| (number, Vec::new());
    let mut rules: BTreeMap<_, _> = all.into_iter().map(any).collect();
    // Of what fcntl does, only waiting for a lock of a file matters.
    let lock = |command: c_int| {
        let command = u64::from(command.unsigned_abs());
        let length = SeccompCmpArgLen::Dword;
        let is = SeccompCmpOp::Eq;
        SeccompCondition::new(1, length, is, command)
            .and_then(|condition| SeccompRule::new(vec![condition]))
    };
    let locks = [libc::F_SETLKW, libc::F_OFD_SETLKW].map(lock);
    let locks = locks.into_iter().collect::<Result<Vec<_>, _>>();
    rules.insert(libc::SYS_fcntl, locks.map_err(failed)?);
    SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Trace(0),
        ARCHITECTURE,
    )
    .and_then(BpfProgram::try_from)
    .map_err(failed)
}

impl Call {
    pub(crate) fn of(task: Pid, registers: &Registers) -> Self {
        Self {
            task,
            number: registers.number(),
            arguments: registers.arguments(),
            place: registers.place(),
        }
    }

    /// An argument that is an int.
    pub(crate) fn int(&self, place: usize) -> c_int {
        // The upper half of the register is not part of it.
        #[expect(clippy::cast_possible_truncation)]
        let value = self.arguments[place] as c_int;
        value
    }

    /// Whether it asks for something that depends on the run.
    pub(crate) fn is_question(&self) -> bool {
        QUESTIONS.contains(&self.number)
    }

    /// Whether it is likely to matter who comes first here.
    pub(crate) fn is_point(&self) -> bool {
        // Only who asks again and again is stopped at a question.
        self.number == libc::SYS_sched_yield
            || self.is_question()
            || WRITES.contains(&self.number)
    }

    /// How likely whoever makes it again and again waits for time to pass.
    pub(crate) fn impatience(&self) -> u32 {
        let asks = self.number == libc::SYS_sched_yield && !self.tells()
            || self.meaning() == Meaning::Action && self.wait().is_some()
            || matches!(self.number, libc::SYS_wait4 | libc::SYS_waitid);
        if self.is_question() {
            // It has asked many times before it is stopped here.
            1000
        } else if asks {
            10
        } else {
            1
        }
    }

    pub(crate) fn is_exit(&self) -> bool {
        matches!(self.number, libc::SYS_exit | libc::SYS_exit_group)
    }

    /// Whether it may end others.
    pub(crate) fn may_kill(&self) -> bool {
        matches!(
            self.number,
            libc::SYS_kill
                | libc::SYS_tkill
                | libc::SYS_tgkill
                | libc::SYS_rt_sigqueueinfo
                | libc::SYS_rt_tgsigqueueinfo
                | libc::SYS_pidfd_send_signal
        )
    }

    pub(crate) fn meaning(&self) -> Meaning {
        let Some(wait) = self.wait() else {
            return Meaning::Action;
        };
        let place = self.limit_place();
        let limit = match place.map(|place| place.read(self)) {
            Some(Limit::Now) => return Meaning::Action,
            Some(Limit::Never) | None => None,
            Some(limit) => Some(limit),
        };
        Meaning::Wait(Waiting {
            wait: match limit {
                Some(Limit::After(time)) if self.is_sleep() => {
                    Wait::Sleep(time)
                }
                _ => wait,
            },
            limit,
            late: self.late(),
        })
    }

    pub(crate) fn is_sleep(&self) -> bool {
        matches!(self.number, libc::SYS_nanosleep | libc::SYS_clock_nanosleep)
    }

    /// For what it may have to wait.
    fn wait(&self) -> Option<Wait> {
        if READS.contains(&self.number) {
            return Some(Wait::Read);
        }
        if WRITES.contains(&self.number) {
            return Some(Wait::Write);
        }
        Some(match self.number {
            libc::SYS_futex => return self.futex_waits().then_some(Wait::Lock),
            libc::SYS_poll
            | libc::SYS_ppoll
            | libc::SYS_select
            | libc::SYS_pselect6
            | libc::SYS_epoll_wait
            | libc::SYS_epoll_pwait
            | libc::SYS_epoll_pwait2 => Wait::Poll,
            libc::SYS_wait4 => return self.waits_for_child(2),
            libc::SYS_waitid => return self.waits_for_child(3),
            libc::SYS_nanosleep | libc::SYS_clock_nanosleep => {
                Wait::Sleep(std::time::Duration::ZERO)
            }
            libc::SYS_pause
            | libc::SYS_rt_sigsuspend
            | libc::SYS_rt_sigtimedwait => Wait::Signal,
            libc::SYS_futex_waitv
            | libc::SYS_flock
            | libc::SYS_fcntl
            | libc::SYS_semop
            | libc::SYS_semtimedop => Wait::Lock,
            libc::SYS_restart_syscall => Wait::Other(self.number),
            _ => return None,
        })
    }

    fn waits_for_child(&self, options: usize) -> Option<Wait> {
        let looks_only = self.int(options) & libc::WNOHANG != 0;
        (!looks_only).then_some(Wait::Child)
    }

    /// Whether it asks which child has ended.
    pub(crate) fn looks_for_child(&self) -> bool {
        matches!(self.number, libc::SYS_wait4 | libc::SYS_waitid)
    }

    /// The operation of a futex call, without its flags.
    fn futex_operation(&self) -> c_int {
        self.int(1) & libc::FUTEX_CMD_MASK
    }

    pub(crate) fn futex_waits(&self) -> bool {
        matches!(
            self.futex_operation(),
            libc::FUTEX_WAIT
                | libc::FUTEX_WAIT_BITSET
                | libc::FUTEX_LOCK_PI
                | libc::FUTEX_LOCK_PI2
                | libc::FUTEX_WAIT_REQUEUE_PI
        )
    }

    fn limit_place(&self) -> Option<Place> {
        Some(match self.number {
            libc::SYS_futex => match self.futex_operation() {
                libc::FUTEX_WAIT => Place::Time(3),
                libc::FUTEX_LOCK_PI => Place::Moment(3, libc::CLOCK_REALTIME),
                _ => Place::Moment(3, self.futex_clock()),
            },
            libc::SYS_futex_waitv => Place::Moment(3, self.int(4)),
            libc::SYS_poll => Place::Milliseconds(2),
            libc::SYS_ppoll | libc::SYS_rt_sigtimedwait => Place::Time(2),
            libc::SYS_select => Place::Timeval(4),
            libc::SYS_pselect6 | libc::SYS_recvmmsg => Place::Time(4),
            libc::SYS_epoll_wait | libc::SYS_epoll_pwait => {
                Place::Milliseconds(3)
            }
            libc::SYS_epoll_pwait2 | libc::SYS_semtimedop => Place::Time(3),
            libc::SYS_nanosleep => Place::Time(0),
            libc::SYS_clock_nanosleep => {
                match self.int(1) & libc::TIMER_ABSTIME {
                    0 => Place::Time(2),
                    _ => Place::Moment(2, self.int(0)),
                }
            }
            libc::SYS_mq_timedreceive | libc::SYS_mq_timedsend => {
                Place::Moment(4, libc::CLOCK_REALTIME)
            }
            _ => return None,
        })
    }

    fn futex_clock(&self) -> libc::clockid_t {
        match self.int(1) & libc::FUTEX_CLOCK_REALTIME {
            0 => libc::CLOCK_MONOTONIC,
            _ => libc::CLOCK_REALTIME,
        }
    }

    fn late(&self) -> i64 {
        let error = match self.number {
            libc::SYS_futex
            | libc::SYS_futex_waitv
            | libc::SYS_mq_timedreceive
            | libc::SYS_mq_timedsend => libc::ETIMEDOUT,
            libc::SYS_rt_sigtimedwait
            | libc::SYS_semtimedop
            | libc::SYS_recvmmsg => libc::EAGAIN,
            _ => 0,
        };
        -i64::from(error)
    }

    /// Where the limit stands, to be taken out while the kernel has the call.
    pub(crate) fn limit_argument(&self) -> Option<(usize, u64)> {
        self.limit_place().map(Place::without)
    }
}
