//! Many items at once, where others have atomics of the size of one.
//!
//! To Rust, atomics of several sizes in one place are a data race. The processor
//! has no such rule: what it moves in one step is, to each smaller item in
//! there, what a relaxed atomic of that item would be.

#[cfg(target_arch = "x86_64")]
use std::arch::{asm, x86_64::__m128i};

use super::machine::AtomicU64;
#[cfg(not(target_arch = "x86_64"))]
use super::machine::Ordering::Relaxed;
use super::region::Shared;

/// A line of the processor's cache has so many bytes.
pub(crate) const LINE: usize = 64;

const WORD: usize = size_of::<AtomicU64>();

/// A line in which others may have items of 1, 2, 4 or 8 bytes.
#[repr(C, align(64))]
pub(crate) struct Wide([AtomicU64; LINE / WORD]);

// SAFETY: atomics, laid out without gaps, and valid whatever bytes they are.
unsafe impl Shared for Wide {}

#[cfg(target_arch = "x86_64")]
impl Wide {
    /// Whether no item of a line is ever seen in parts. A step has 16 bytes here,
    /// which the makers call one access where the processor has AVX.
    #[inline]
    pub(crate) fn is_whole() -> bool {
        std::arch::is_x86_feature_detected!("avx")
    }

    /// The bytes that are there.
    #[inline]
    pub(crate) fn load(&self) -> [u8; LINE] {
        let (a, b, c, d): (__m128i, __m128i, __m128i, __m128i);
        // SAFETY: the place is that of a reference, so it can be read, and it
        // is aligned. What others may change meanwhile is read as by atomics of
        // the size of their items; only registers are written.
        unsafe {
            asm!(
                "movaps {a}, xmmword ptr [{place}]",
                "movaps {b}, xmmword ptr [{place} + 16]",
                "movaps {c}, xmmword ptr [{place} + 32]",
                "movaps {d}, xmmword ptr [{place} + 48]",
                place = in(reg) self.0.as_ptr(),
                a = out(xmm_reg) a,
                b = out(xmm_reg) b,
                c = out(xmm_reg) c,
                d = lateout(xmm_reg) d,
                options(nostack, preserves_flags, readonly)
            );
        }
        bytemuck::cast([a, b, c, d])
    }

    /// Puts others in their place.
    #[inline]
    pub(crate) fn store(&self, bytes: [u8; LINE]) {
        let [a, b, c, d]: [__m128i; 4] = bytemuck::cast(bytes);
        // SAFETY: the place is that of atomics, which a shared reference may
        // change, and it is aligned. What others may read and change meanwhile
        // is written as by atomics of the size of their items; nothing else is.
        unsafe {
            asm!(
                "movaps xmmword ptr [{place}], {a}",
                "movaps xmmword ptr [{place} + 16], {b}",
                "movaps xmmword ptr [{place} + 32], {c}",
                "movaps xmmword ptr [{place} + 48], {d}",
                place = in(reg) self.0.as_ptr(),
                a = in(xmm_reg) a,
                b = in(xmm_reg) b,
                c = in(xmm_reg) c,
                d = in(xmm_reg) d,
                options(nostack, preserves_flags)
            );
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl Wide {
    /// Of other processors nothing is known here.
    pub(crate) fn is_whole() -> bool {
        false
    }

    pub(crate) fn load(&self) -> [u8; LINE] {
        bytemuck::cast(self.0.each_ref().map(|word| word.load(Relaxed)))
    }

    pub(crate) fn store(&self, bytes: [u8; LINE]) {
        let words: [u64; LINE / WORD] = bytemuck::cast(bytes);
        for (to, from) in self.0.iter().zip(words) {
            to.store(from, Relaxed);
        }
    }
}
