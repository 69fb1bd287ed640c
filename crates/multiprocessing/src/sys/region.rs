//! Memory that a family of processes shares.
//!
//! A region is a piece of `/dev/shm` that is unlinked as soon as it is there:
//! forked children inherit the mapping, nobody else can find it, and the
//! kernel frees it when the last of the family ends, however it ends. For some
//! microseconds it has a name; one that a process killed just then left behind
//! is removed by the next who looks ([`sweep`]).

use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Once;
use std::sync::atomic;

use nix::errno::Errno;
use nix::fcntl::{OFlag, posix_fallocate};
use nix::sys::mman::{shm_open, shm_unlink};
use nix::sys::stat::Mode;
use shared_memory::{Shmem, ShmemConf, ShmemError};

use crate::error::{Error, Result};
use crate::process::descriptor::keep_clear;
use crate::sys::machine::{
    AtomicI32, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
};
use crate::sys::mutex::Held;

/// The names of regions begin so; the pid of the maker and a number follow.
const NAME: &str = "multiprocessing";

/// Bytes shared with every process forked from now on.
pub(crate) struct Region {
    memory: Shmem,
    /// So many bytes, from the start, hold objects; after them come bytes that
    /// are copied in and out.
    objects: usize,
    /// For what is reserved and given back later; most regions have all at
    /// once, and do not keep a second descriptor.
    file: Option<OwnedFd>,
}

// SAFETY: a Region is an address range and two descriptors, none of them tied
// to a thread; what lies in the range is reached only through `Shared` types,
// which are safe to use from several threads, or through atomics.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// `size` bytes of zeroes, for objects.
    pub(crate) fn new(size: usize) -> Result<Self> {
        Self::make(size, size)
    }

    /// `size` bytes of zeroes for objects, and after them `bytes` more, which
    /// have to be reserved before they are read or written.
    pub(crate) fn with_bytes(size: usize, bytes: usize) -> Result<Self> {
        Self::make(size, size + bytes)
    }

    fn make(objects: usize, size: usize) -> Result<Self> {
        static SWEPT: Once = Once::new();
        SWEPT.call_once(sweep);
        let (mut memory, name) = create(size)?;
        let file = shm_open(name.as_str(), OFlag::O_RDWR, Mode::empty());
        let unlinked = shm_unlink(name.as_str());
        memory.set_owner(false);
        let file = file.map_err(|errno| refused(size, errno))?;
        unlinked.map_err(|errno| refused(size, errno))?;
        reserve(&file, 0, objects)?;
        let file = (objects < size).then(|| keep_clear(file)).transpose();
        let file = file.map_err(|error| refused(size, error))?;
        Ok(Self {
            memory,
            objects,
            file,
        })
    }

    /// Makes sure that the bytes from `start` to `end` exist. Without it, a
    /// full `/dev/shm` would show only when they are touched, as a SIGBUS.
    pub(crate) fn reserve(&self, start: usize, end: usize) -> Result<()> {
        match &self.file {
            Some(file) => reserve(file, start, end),
            None => Ok(()),
        }
    }

    /// Gives the bytes from `start` to `end` back to the system. They must not
    /// be touched before they are reserved again.
    pub(crate) fn give_back(&self, start: usize, end: usize) {
        use rustix::fs::FallocateFlags;
        let Some(file) = &self.file else { return };
        // Keeping the memory is no error: it is only not free yet.
        let _ = rustix::fs::fallocate(
            file,
            FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE,
            start as u64,
            (end - start) as u64,
        );
    }

    /// The `T` that lies `offset` bytes into the region.
    pub(crate) fn at<T: Shared>(&self, offset: usize) -> &T {
        let end = offset.checked_add(size_of::<T>());
        assert!(
            end.is_some_and(|end| end <= self.objects)
                && offset.is_multiple_of(align_of::<T>()),
            "a shared object lies within its region, aligned"
        );
        // SAFETY: the range is inside the mapping, which lives as long as
        // `self`, and aligned, since a mapping starts on a page. `Shared` says
        // that zeroed bytes, and what other processes make of them through a
        // `T`, are a valid `T`, and that a shared reference is all that anyone
        // needs; `write` stays clear of the objects.
        unsafe { &*self.memory.as_ptr().add(offset).cast::<T>() }
    }

    /// Copies `bytes` to `offset`, under the region's lock.
    pub(crate) fn write(&self, _held: &Held<'_>, offset: usize, bytes: &[u8]) {
        self.check(offset, bytes.len());
        // SAFETY: the range is inside the mapping, after the objects (checked
        // above), so there is no reference into it; `bytes` is memory of this
        // process and cannot overlap it. Nobody else touches the range: it is
        // reached by `read` and `write` alone, and whoever calls them holds
        // the lock that lies in the region's header.
        unsafe {
            let to = self.memory.as_ptr().add(offset);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
    }

    /// Fills `bytes` from `offset`, under the region's lock.
    pub(crate) fn read(
        &self,
        _held: &Held<'_>,
        offset: usize,
        bytes: &mut [u8],
    ) {
        self.check(offset, bytes.len());
        // SAFETY: as in `write`, in the other direction.
        unsafe {
            let from = self.memory.as_ptr().add(offset);
            std::ptr::copy_nonoverlapping(
                from,
                bytes.as_mut_ptr(),
                bytes.len(),
            );
        }
    }

    fn check(&self, offset: usize, len: usize) {
        let end = offset.checked_add(len);
        assert!(
            offset >= self.objects
                && end.is_some_and(|end| end <= self.memory.len()),
            "a shared range lies within its region, after the objects"
        );
    }
}

fn reserve(file: &OwnedFd, start: usize, end: usize) -> Result<()> {
    let (offset, len) = (to_offset(start), to_offset(end - start));
    loop {
        match posix_fallocate(file, offset, len) {
            Err(Errno::EINTR) => {}
            done => return done.map_err(|it| refused(end - start, it)),
        }
    }
}

/// A new piece of `/dev/shm`, and its name.
fn create(size: usize) -> Result<(Shmem, String)> {
    static COUNT: atomic::AtomicU64 = atomic::AtomicU64::new(0);
    loop {
        let number = COUNT.fetch_add(1, atomic::Ordering::Relaxed);
        let name = format!("/{NAME}-{}-{number}", std::process::id());
        match ShmemConf::new().size(size).os_id(&name).create() {
            Ok(memory) => return Ok((memory, name)),
            // Of a process that had our pid once, or has it in a container
            // that shares /dev/shm with us.
            Err(ShmemError::MappingIdExists) => {}
            Err(error) => return Err(refused(size, shmem_errno(&error))),
        }
    }
}

/// Removes the names that killed processes left behind: those with the pid of
/// nobody.
pub(crate) fn sweep() {
    let Ok(directory) = std::fs::read_dir("/dev/shm") else {
        return;
    };
    for entry in directory.flatten() {
        let name = entry.file_name();
        let maker = name.to_str().and_then(maker);
        // No signal is sent to find out: under an explorer that is an act, and
        // who else is on the machine would change the run.
        let gone = |pid: i32| !Path::new(&format!("/proc/{pid}")).exists();
        if maker.is_some_and(gone) {
            // Somebody else may have been faster.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The pid in the name of a region.
fn maker(name: &str) -> Option<i32> {
    let (pid, _) = name
        .strip_prefix(NAME)?
        .strip_prefix('-')?
        .split_once('-')?;
    pid.parse().ok()
}

/// Types that may lie in memory that several processes use at once.
///
/// # Safety
///
/// All-zero bytes are a valid value; every change goes through atomics or a
/// process-shared lock inside the value, so that shared references suffice;
/// the type has a fixed layout (`repr(C)`, or an atomic) and holds no pointer.
pub(crate) unsafe trait Shared: Sync {}

// SAFETY: an atomic integer is valid for any bytes and changes atomically.
unsafe impl Shared for AtomicU8 {}
// SAFETY: as above.
unsafe impl Shared for AtomicU16 {}
// SAFETY: as above.
unsafe impl Shared for AtomicI32 {}
// SAFETY: as above.
unsafe impl Shared for AtomicU32 {}
// SAFETY: as above.
unsafe impl Shared for AtomicU64 {}
// SAFETY: an array of shared values is one, laid out without gaps.
unsafe impl<T: Shared, const N: usize> Shared for [T; N] {}

/// Declares a struct of `Shared` fields that is `Shared` itself.
macro_rules! shared_struct {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[repr(C)]
        $vis struct $name {
            $($(#[$field_meta])* $field: $type,)*
        }

        const _: () = {
            const fn shared<T: $crate::sys::region::Shared>() {}
            $(shared::<$type>();)*
        };

        // SAFETY: every field is `Shared`, as the lines above have compiled,
        // and the layout is fixed by repr(C).
        #[allow(unsafe_code)]
        unsafe impl $crate::sys::region::Shared for $name {}
    };
}
pub(crate) use shared_struct;

/// One `T` at the start of a region of its own.
pub(crate) struct InRegion<T> {
    region: Region,
    marker: std::marker::PhantomData<T>,
}

impl<T: Shared> InRegion<T> {
    /// A zeroed `T`.
    pub(crate) fn new() -> Result<Self> {
        let size = size_of::<T>();
        let region = Region::new(size)?;
        Ok(Self {
            region,
            marker: std::marker::PhantomData,
        })
    }
}

impl<T: Shared> Deref for InRegion<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.region.at(0)
    }
}

fn refused(size: usize, source: impl Into<std::io::Error>) -> Error {
    Error::system(
        format!("reserve {size} bytes of shared memory in /dev/shm"),
        source,
    )
}

fn shmem_errno(error: &ShmemError) -> nix::Error {
    match error {
        ShmemError::MapCreateFailed(errno)
        | ShmemError::MapOpenFailed(errno)
        | ShmemError::UnknownOsError(errno) => {
            nix::Error::from_raw(i32::try_from(*errno).unwrap_or(0))
        }
        _ => nix::Error::EINVAL,
    }
}

fn to_offset(bytes: usize) -> libc::off_t {
    libc::off_t::try_from(bytes).unwrap_or(libc::off_t::MAX)
}
