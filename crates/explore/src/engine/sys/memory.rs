//! The memory of a stopped task.

use std::io::{self, IoSlice, IoSliceMut};
use std::ptr;
use std::time::Duration;

use nix::sys::ptrace;
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;

/// As many bytes at `address` as can be read, `length` at most.
pub(crate) fn read(task: Pid, address: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let Some(there) = remote(address, length) else {
        return Vec::new();
    };
    let mut here = [IoSliceMut::new(&mut bytes)];
    let count = process_vm_readv(task, &mut here, &[there]).unwrap_or(0);
    bytes.truncate(count);
    bytes
}

/// The word at `address`; None: nothing is there.
pub(crate) fn read_word(task: Pid, address: u64) -> Option<u64> {
    let bytes = read(task, address, size_of::<u64>());
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

/// Writes all of `bytes` to `address`; says whether it could.
pub(crate) fn write(task: Pid, address: u64, bytes: &[u8]) -> bool {
    let Some(there) = remote(address, bytes.len()) else {
        return false;
    };
    let written = process_vm_writev(task, &[IoSlice::new(bytes)], &[there]);
    written == Ok(bytes.len())
}

/// Makes the word at `address` null, also where the task may not write.
pub(crate) fn erase_word(task: Pid, address: u64) -> io::Result<()> {
    let address = usize::try_from(address).map_err(io::Error::other)?;
    let address = ptr::without_provenance_mut(address);
    Ok(ptrace::write(task, address, 0)?)
}

fn remote(address: u64, len: usize) -> Option<RemoteIoVec> {
    let base = usize::try_from(address).ok()?;
    (base != 0).then_some(RemoteIoVec { base, len })
}

/// Writes two words to `address`; says whether it could.
pub(crate) fn write_pair(
    task: Pid,
    address: u64,
    first: u64,
    second: u64,
) -> bool {
    let bytes = [first.to_ne_bytes(), second.to_ne_bytes()].concat();
    write(task, address, &bytes)
}

/// Writes a `timespec` to `address`; says whether it could.
pub(crate) fn write_time(task: Pid, address: u64, time: Duration) -> bool {
    write_pair(task, address, time.as_secs(), time.subsec_nanos().into())
}
