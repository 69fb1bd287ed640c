//! Reading and writing items that other processes may write at the same
//! moment: by atomics, whole where the machine can, byte by byte elsewhere.

use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use bytemuck::Pod;

use crate::sys::region::{Region, Shared};
use crate::sys::wide::{LINE, Wide};

/// So many bytes are read and written by whole lines of the cache.
const MANY: usize = 2 * LINE;

/// Fills `bytes`, items of the size `item`, with what lies at `place`, a
/// multiple of that size.
#[inline]
pub(super) fn load(
    region: &Region,
    place: usize,
    bytes: &mut [u8],
    item: usize,
) {
    if !go_by_lines(bytes.len()) {
        return load_each(region, place, bytes, item);
    }
    let [lines, rest] = lines(place, bytes.len());
    load_each(region, place, &mut bytes[..lines], item);
    load_cells::<Wide, LINE>(region, place + lines, &mut bytes[lines..rest]);
    load_each(region, place + rest, &mut bytes[rest..], item);
}

#[inline]
fn load_each(region: &Region, place: usize, bytes: &mut [u8], item: usize) {
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
    if !go_by_lines(bytes.len()) {
        return store_each(region, place, bytes, item);
    }
    let [lines, rest] = lines(place, bytes.len());
    store_each(region, place, &bytes[..lines], item);
    store_cells::<Wide, LINE>(region, place + lines, &bytes[lines..rest]);
    store_each(region, place + rest, &bytes[rest..], item);
}

#[inline]
fn store_each(region: &Region, place: usize, bytes: &[u8], item: usize) {
    match item {
        2 => store_cells::<AtomicU16, 2>(region, place, bytes),
        4 => store_cells::<AtomicU32, 4>(region, place, bytes),
        8 => store_cells::<AtomicU64, 8>(region, place, bytes),
        _ => store_cells::<AtomicU8, 1>(region, place, bytes),
    }
}

/// Puts what `change` makes of each item in its place.
#[inline]
pub(super) fn update<T: Pod>(
    region: &Region,
    items: Range<usize>,
    mut change: impl FnMut(T) -> T,
) {
    let size = size_of::<T>();
    let (place, len) = (items.start * size, items.len() * size);
    if !go_by_lines(len) || !LINE.is_multiple_of(size) {
        return update_each(region, items, &mut change);
    }
    let [lines, rest] =
        lines(place, len).map(|bytes| items.start + bytes / size);
    update_each(region, items.start..lines, &mut change);
    let many = (rest - lines) * size / LINE;
    for line in region.row::<Wide>(lines * size, many) {
        let mut bytes = Aligned(line.load());
        for item in bytemuck::cast_slice_mut(&mut bytes.0) {
            *item = change(*item);
        }
        line.store(bytes.0);
    }
    update_each(region, rest..items.end, &mut change);
}

fn update_each<T: Pod>(
    region: &Region,
    items: Range<usize>,
    change: &mut impl FnMut(T) -> T,
) {
    let size = size_of::<T>();
    for index in items {
        let mut item = [T::zeroed()];
        let bytes = bytemuck::cast_slice_mut(&mut item);
        load(region, index * size, bytes, size);
        let item = item.map(&mut *change);
        store(region, index * size, bytemuck::cast_slice(&item), size);
    }
}

/// Whether so many bytes go by lines.
#[inline]
fn go_by_lines(len: usize) -> bool {
    len >= MANY && Wide::is_whole()
}

/// Where whole lines of the cache begin, and where they end, in [`MANY`] bytes
/// from `place` on.
fn lines(place: usize, len: usize) -> [usize; 2] {
    let start = place.next_multiple_of(LINE) - place;
    [start, len - (len - start) % LINE]
}

/// Bytes that can be items of any type that has no more.
#[repr(align(64))]
struct Aligned([u8; LINE]);

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

impl Cell<LINE> for Wide {
    #[inline]
    fn load(&self) -> [u8; LINE] {
        self.load()
    }

    #[inline]
    fn store(&self, bytes: [u8; LINE]) {
        self.store(bytes);
    }
}
