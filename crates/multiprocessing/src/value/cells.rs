//! Reading and writing items that other processes may write at the same
//! moment: by atomics, whole where the machine can, byte by byte elsewhere.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use crate::sys::region::Region;

/// Fills `item` with what lies at `place`, a multiple of the item's size.
pub(super) fn load(region: &Region, place: usize, item: &mut [u8]) {
    macro_rules! whole {
        ($atomic:ty) => {
            item.copy_from_slice(
                &region.at::<$atomic>(place).load(Relaxed).to_ne_bytes(),
            )
        };
    }
    match item.len() {
        2 => whole!(AtomicU16),
        4 => whole!(AtomicU32),
        8 => whole!(AtomicU64),
        _ => {
            for (at, byte) in (place..).zip(item) {
                *byte = region.at::<AtomicU8>(at).load(Relaxed);
            }
        }
    }
}

/// Puts `item` at `place`, a multiple of the item's size.
pub(super) fn store(region: &Region, place: usize, item: &[u8]) {
    macro_rules! whole {
        ($atomic:ty, $number:ty) => {{
            let mut bytes = [0; size_of::<$number>()];
            bytes.copy_from_slice(item);
            let number = <$number>::from_ne_bytes(bytes);
            region.at::<$atomic>(place).store(number, Relaxed);
        }};
    }
    match item.len() {
        2 => whole!(AtomicU16, u16),
        4 => whole!(AtomicU32, u32),
        8 => whole!(AtomicU64, u64),
        _ => {
            for (at, byte) in (place..).zip(item) {
                region.at::<AtomicU8>(at).store(*byte, Relaxed);
            }
        }
    }
}
