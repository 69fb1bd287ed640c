//! Lock-free rings of numbers in shared memory: for one on each side, and for
//! several (Vyukov's bounded queue).

use std::hint::spin_loop;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::thread::yield_now;

use super::Shareable;

const SLOTS: usize = 1024;
/// How often one looks before one lets others run.
const LOOKS: u32 = 1000;

/// Eight-byte words for a slot's payload.
pub(crate) const WORDS: usize = 128;

#[repr(C, align(128))]
struct Lone(AtomicU64);

/// For one who puts and one who gets.
#[repr(C)]
pub(crate) struct Single {
    head: Lone,
    tail: Lone,
    slots: [[AtomicU64; WORDS]; SLOTS],
}

// SAFETY: atomics; zero is a value.
unsafe impl Shareable for Single {}

impl Single {
    pub(crate) fn put(&self, item: &[u64]) {
        let tail = self.tail.0.load(Relaxed);
        patiently(|| tail - self.head.0.load(Acquire) < SLOTS as u64);
        for (word, value) in self.slot(tail).iter().zip(item) {
            word.store(*value, Relaxed);
        }
        self.tail.0.store(tail + 1, Release);
    }

    pub(crate) fn get(&self, item: &mut [u64]) {
        let head = self.head.0.load(Relaxed);
        patiently(|| self.tail.0.load(Acquire) != head);
        for (word, value) in self.slot(head).iter().zip(item) {
            *value = word.load(Relaxed);
        }
        self.head.0.store(head + 1, Release);
    }

    fn slot(&self, at: u64) -> &[AtomicU64; WORDS] {
        &self.slots[usize::try_from(at).unwrap_or(0) % SLOTS]
    }
}

/// For any number on both sides.
#[repr(C)]
pub(crate) struct Several {
    head: Lone,
    tail: Lone,
    slots: [Slot; SLOTS],
}

#[repr(C, align(64))]
struct Slot {
    /// Less than the position: to be written; one more: to be read. In
    /// multiples of the ring, so that zero is a ring that is empty.
    turn: AtomicU64,
    value: AtomicU64,
}

// SAFETY: atomics; zero is a value.
unsafe impl Shareable for Several {}

impl Several {
    pub(crate) fn put(&self, item: u64) {
        let at = self.tail.0.fetch_add(1, Relaxed);
        let (slot, lap) = self.slot(at);
        patiently(|| slot.turn.load(Acquire) == 2 * lap);
        slot.value.store(item, Relaxed);
        slot.turn.store(2 * lap + 1, Release);
    }

    pub(crate) fn get(&self) -> u64 {
        let at = self.head.0.fetch_add(1, Relaxed);
        let (slot, lap) = self.slot(at);
        patiently(|| slot.turn.load(Acquire) == 2 * lap + 1);
        let item = slot.value.load(Relaxed);
        slot.turn.store(2 * lap + 2, Release);
        item
    }

    fn slot(&self, at: u64) -> (&Slot, u64) {
        let index = usize::try_from(at).unwrap_or(0) % SLOTS;
        (&self.slots[index], at / SLOTS as u64)
    }
}

fn patiently(ready: impl Fn() -> bool) {
    for look in 0_u64.. {
        if ready() {
            return;
        }
        match look % u64::from(LOOKS) {
            0 if look > 0 => yield_now(),
            _ => spin_loop(),
        }
    }
}
