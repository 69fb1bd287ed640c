//! In the place of the library's `sys/machine.rs`: atomics whose every
//! operation is a step of the machine, and its time.

use std::marker::PhantomData;
use std::sync::atomic as real;
use std::time::Duration;

use super::kernel;

pub(crate) use std::sync::atomic::Ordering;

/// A word of the machine's memory: the bytes here, those of an `R`, are only
/// its address. The order is not looked at: the machine does one thing after
/// the other.
#[repr(transparent)]
pub(crate) struct Word<R, T>(R, PhantomData<T>);

pub(crate) type AtomicU8 = Word<real::AtomicU8, u8>;
pub(crate) type AtomicU16 = Word<real::AtomicU16, u16>;
pub(crate) type AtomicI32 = Word<real::AtomicI32, i32>;
pub(crate) type AtomicU32 = Word<real::AtomicU32, u32>;
pub(crate) type AtomicU64 = Word<real::AtomicU64, u64>;

/// What a word may hold.
pub(crate) trait Value: Copy + PartialEq {
    /// From the lower bits.
    fn new(bits: u64) -> Self;
    fn bits(self) -> u64;
}

macro_rules! value {
    ($($int:ident)*) => {$(
        impl Value for $int {
            fn new(bits: u64) -> Self {
                let kept = bits & u64::from(Self::MAX);
                Self::try_from(kept).unwrap_or_default()
            }

            fn bits(self) -> u64 {
                self.into()
            }
        }
    )*};
}

value! { u8 u16 u32 u64 }

impl Value for i32 {
    fn new(bits: u64) -> Self {
        u32::new(bits).cast_signed()
    }

    fn bits(self) -> u64 {
        self.cast_unsigned().into()
    }
}

impl<R, T: Value> Word<R, T> {
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(&self.0).addr()
    }

    #[track_caller]
    pub(crate) fn load(&self, _: Ordering) -> T {
        self.change(|bits| bits)
    }

    #[track_caller]
    pub(crate) fn store(&self, value: T, _: Ordering) {
        self.change(|_| value.bits());
    }

    #[track_caller]
    pub(crate) fn swap(&self, value: T, _: Ordering) -> T {
        self.change(|_| value.bits())
    }

    #[track_caller]
    pub(crate) fn fetch_add(&self, by: T, _: Ordering) -> T {
        self.change(|bits| bits.wrapping_add(by.bits()))
    }

    #[track_caller]
    pub(crate) fn fetch_sub(&self, by: T, _: Ordering) -> T {
        self.change(|bits| bits.wrapping_sub(by.bits()))
    }

    #[track_caller]
    pub(crate) fn fetch_or(&self, by: T, _: Ordering) -> T {
        self.change(|bits| bits | by.bits())
    }

    #[track_caller]
    pub(crate) fn fetch_max(&self, by: T, _: Ordering) -> T {
        self.change(|bits| bits.max(by.bits()))
    }

    #[track_caller]
    pub(crate) fn compare_exchange(
        &self,
        expected: T,
        new: T,
        _: Ordering,
        _: Ordering,
    ) -> Result<T, T> {
        let seen = self.change(|bits| match T::new(bits) == expected {
            true => new.bits(),
            false => bits,
        });
        if seen == expected {
            Ok(seen)
        } else {
            Err(seen)
        }
    }

    /// A look, and then a change if nobody else was faster.
    #[track_caller]
    pub(crate) fn fetch_update(
        &self,
        set: Ordering,
        fetch: Ordering,
        mut next: impl FnMut(T) -> Option<T>,
    ) -> Result<T, T> {
        let mut seen = self.load(fetch);
        while let Some(new) = next(seen) {
            match self.compare_exchange(seen, new, set, fetch) {
                Ok(seen) => return Ok(seen),
                Err(other) => seen = other,
            }
        }
        Err(seen)
    }

    /// The value before.
    #[track_caller]
    fn change(&self, next: impl FnOnce(u64) -> u64) -> T {
        kernel::access(self.address(), |bits| {
            let seen = T::new(*bits);
            *bits = T::new(next(*bits)).bits();
            seen
        })
    }
}

/// A moment, as the process with this number sees it. Its time passes when a
/// check says so: then all of it has.
#[derive(Clone, Copy)]
pub(crate) struct Instant(usize);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(kernel::me())
    }

    pub(crate) fn elapsed(self) -> Duration {
        match kernel::is_late(self.0) {
            true => Duration::MAX,
            false => Duration::ZERO,
        }
    }
}
