//! What a barrier is doing, as one word in shared memory.

use crate::error::{self, Error};

/// The state of a barrier; one word, so that it is never half changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct State {
    pub(super) fate: Fate,
    /// Why the barrier is broken, for whoever comes; none: it is not.
    pub(super) broken: Option<Cause>,
}

/// What becomes of those who are seated. It stays until all have left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// They wait; others may take a seat.
    Open,
    /// They pass.
    Passes,
    /// They are told that the barrier broke.
    Fails,
}

/// What broke a barrier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    Aborted,
    Late,
    /// A party left without having passed, as by a panic of the action.
    Left,
    Died {
        pid: u32,
    },
}

impl State {
    /// Broken, for those who are seated and whoever comes. The first cause is
    /// the one that is told; and who passes, passes.
    pub(super) fn broken_by(self, cause: Cause) -> Self {
        Self {
            fate: self.fate.unless_passing(Fate::Fails),
            broken: self.broken.or(Some(cause)),
        }
    }

    /// As [`broken_by`](Self::broken_by), unless it is decided already what
    /// becomes of those who are seated.
    pub(super) fn broken_if_open(self, cause: Cause) -> Self {
        match self.fate {
            Fate::Open => self.broken_by(cause),
            Fate::Passes | Fate::Fails => self,
        }
    }

    /// Whole again, for whoever comes when all who are seated have left.
    pub(super) fn reset(self) -> Self {
        Self {
            fate: self.fate.unless_passing(Fate::Fails),
            broken: None,
        }
    }

    /// The error for who comes, or is seated and fails.
    pub(super) fn error(self) -> Error {
        let reason = Cause::reason(self.broken);
        Error::BrokenBarrier { reason }
    }
}

impl Cause {
    /// What a party is told; none: it waited when the barrier was reset.
    pub(crate) fn reason(cause: Option<Self>) -> String {
        let again = "call reset() to use it again";
        match cause {
            None => "reset() was called while this party waited".into(),
            Some(Self::Aborted) => format!("abort() was called; {again}"),
            Some(Self::Late) => {
                format!("the time limit of a party passed; {again}")
            }
            Some(Self::Left) => {
                format!("a party left it, as when the action panics; {again}")
            }
            Some(Self::Died { pid }) => {
                let process = error::process(pid.cast_signed());
                format!("{process} died while it waited; {again}")
            }
        }
    }
}

impl Fate {
    fn unless_passing(self, other: Self) -> Self {
        match self {
            Self::Passes => self,
            Self::Open | Self::Fails => other,
        }
    }
}

/// Zero is an open barrier that is not broken. Two bits for the fate, three
/// for the cause, and the rest for a pid, which has 22 at most.
impl From<State> for u32 {
    fn from(state: State) -> Self {
        let fate = match state.fate {
            Fate::Open => 0,
            Fate::Passes => 1,
            Fate::Fails => 2,
        };
        let cause = match state.broken {
            None => 0,
            Some(Cause::Aborted) => 1,
            Some(Cause::Late) => 2,
            Some(Cause::Left) => 3,
            Some(Cause::Died { pid }) => 4 | pid << 3,
        };
        fate | cause << 2
    }
}

impl From<u32> for State {
    fn from(word: u32) -> Self {
        let fate = match word & 3 {
            0 => Fate::Open,
            1 => Fate::Passes,
            _ => Fate::Fails,
        };
        let broken = match word >> 2 & 7 {
            0 => None,
            1 => Some(Cause::Aborted),
            2 => Some(Cause::Late),
            3 => Some(Cause::Left),
            _ => Some(Cause::Died { pid: word >> 5 }),
        };
        Self { fate, broken }
    }
}
