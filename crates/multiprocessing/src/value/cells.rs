//! Reading and writing items that other processes may write at the same
//! moment: by atomics, whole where the machine can, byte by byte elsewhere.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use crate::sys::region::{Region, Shared};

/// Fills `bytes`, items of the size `item`, with what lies at `place`, a
/// multiple of that size.
#[inline]
pub(super) fn load(
    region: &Region,
    place: usize,
    bytes: &mut [u8],
    item: usize,
) {
    match item {
        2 => load_cells::<AtomicU16, 2>(region, place, bytes),
        4 => load_cells::<AtomicU32, 4>(region, place, bytes),
        8 => load_cells::<AtomicU64, 8>(region, place, bytes),
        _ => load_cells::<AtomicU8, 1>(region, place, bytes),
    }
}

/// Puts `bytes`, items of the size `item`, at `place`, a multiple of that size.
#[inline]
pub(super) fn store(region: &Region, place: usize, bytes: &[u8], item: usize) {
    match item {
        2 => store_cells::<AtomicU16, 2>(region, place, bytes),
        4 => store_cells::<AtomicU32, 4>(region, place, bytes),
        8 => store_cells::<AtomicU64, 8>(region, place, bytes),
        _ => store_cells::<AtomicU8, 1>(region, place, bytes),
    }
}

#[inline]
fn load_cells<C: Cell<N>, const N: usize>(
    region: &Region,
    place: usize,
    bytes: &mut [u8],
) {
    let (to, _) = bytes.as_chunks_mut::<N>();
    let from = region.row::<C>(place, to.len());
    for (to, from) in to.iter_mut().zip(from) {
        *to = from.load();
    }
}

#[inline]
fn store_cells<C: Cell<N>, const N: usize>(
    region: &Region,
    place: usize,
    bytes: &[u8],
) {
    let (from, _) = bytes.as_chunks::<N>();
    let to = region.row::<C>(place, from.len());
    for (to, from) in to.iter().zip(from) {
        to.store(*from);
    }
}

/// `N` bytes that are read and written whole.
trait Cell<const N: usize>: Shared {
    fn load(&self) -> [u8; N];
    fn store(&self, bytes: [u8; N]);
}

macro_rules! cell {
    ($atomic:ty, $number:ty) => {
        impl Cell<{ size_of::<$number>() }> for $atomic {
            #[inline]
            fn load(&self) -> [u8; size_of::<$number>()] {
                self.load(Relaxed).to_ne_bytes()
            }

            #[inline]
            fn store(&self, bytes: [u8; size_of::<$number>()]) {
                self.store(<$number>::from_ne_bytes(bytes), Relaxed);
            }
        }
    };
}

cell!(AtomicU8, u8);
cell!(AtomicU16, u16);
cell!(AtomicU32, u32);
cell!(AtomicU64, u64);
