//! How a process dies, and what Linux does for the mutexes of the dead.

use libc::{FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS};

use super::kernel::{
    Life, access, end, machine, me, pid, process, rouse, step, trace, wake,
};

/// A mutex whose owner died.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Left {
    /// Which one, by the order in which they were made.
    pub(crate) mutex: usize,
    /// Whether the kernel woke somebody who sleeps on it.
    pub(crate) told: bool,
}

/// Ends the calling process.
pub(crate) fn exit() {
    step();
    process(me(), |it| it.life = Life::Ended);
    clean_up(me());
}

/// Ends process `id`, wherever it is.
pub(crate) fn kill(id: usize) {
    step();
    if process(id, |it| it.life != Life::Lives) {
        return;
    }
    trace(|| format!("kills process {}", pid(id)));
    machine(|it| it.sleepers.retain(|(_, who)| *who != id));
    rouse(id, |it| it.life = Life::Killed);
    clean_up(id);
}

/// What a dead process owned.
pub(crate) fn left(id: usize) -> Vec<Left> {
    process(id, |it| it.left.clone())
}

/// What the kernel does for the mutexes of who is dead.
fn clean_up(id: usize) {
    let (mut owned, pending) =
        process(id, |it| (std::mem::take(&mut it.owned), it.pending.take()));
    owned.retain(|mutex| Some(*mutex) != pending);
    while let Some(mutex) = owned.pop() {
        leave(mutex, id, false);
    }
    if let Some(mutex) = pending {
        leave(mutex, id, true);
    }
    end(id);
}

/// As `handle_futex_death` in the kernel.
fn leave(mutex: usize, dead: usize, pending: bool) {
    let thread = pid(dead).unsigned_abs();
    let word = access_by_kernel(mutex, |word| {
        let before = *word;
        if before & FUTEX_TID_MASK == thread {
            *word = before & FUTEX_WAITERS | FUTEX_OWNER_DIED;
        }
        before
    });
    let owner = word & FUTEX_TID_MASK;
    let waiters = word & FUTEX_WAITERS != 0;
    if owner == thread {
        let place = machine(|it| it.mutexes.iter().position(|it| *it == mutex));
        let left = Left {
            mutex: place.unwrap_or(usize::MAX),
            told: waiters,
        };
        process(dead, |it| it.left.push(left));
    }
    if (owner == thread && waiters) || (owner == 0 && pending) {
        wake(mutex, 1);
    }
}

fn access_by_kernel(address: usize, act: impl FnOnce(&mut u32) -> u32) -> u32 {
    access(address, |value| {
        let mut word = u32::try_from(*value).unwrap_or(u32::MAX);
        let result = act(&mut word);
        *value = u64::from(word);
        result
    })
}
