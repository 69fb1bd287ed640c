//! Bytes in shared memory, copied as fast as the machine can.

use std::cell::UnsafeCell;

use super::Shareable;

/// `N` bytes. Whoever uses them takes turns with the others, by other means.
#[repr(C, align(4096))]
pub(crate) struct Sheet<const N: usize>(UnsafeCell<[u8; N]>);

// SAFETY: bytes, of which the measurements take care that nobody reads what
// another one writes; zero is a value.
unsafe impl<const N: usize> Shareable for Sheet<N> {}

impl<const N: usize> Sheet<N> {
    pub(crate) fn copy_in(&self, bytes: &[u8]) {
        assert_eq!(bytes.len(), N, "all of it is copied");
        // SAFETY: both have `N` bytes, and `bytes` is memory of this process.
        unsafe {
            let to = self.0.get().cast::<u8>();
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, N);
        }
    }

    pub(crate) fn copy_out(&self, bytes: &mut [u8]) {
        assert_eq!(bytes.len(), N, "all of it is copied");
        // SAFETY: as above.
        unsafe {
            let from = self.0.get().cast_const().cast::<u8>();
            std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), N);
        }
    }
}
