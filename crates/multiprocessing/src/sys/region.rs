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

use crate::copy::step;
use crate::error::{Error, Result};
use crate::process::descriptor::keep_clear;
use crate::sys::machine::{
    AtomicI32, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
};
use crate::sys::mutex::Held;

/// The names of regions begin so; the pid of the maker and a number follow.
const NAME: &str = "multiprocessing";

/// The size of a piece, its link included.
pub(crate) const PIECE: usize = 64 * 1024;

/// Where the bytes of a piece begin: after its link.
pub(crate) const LINK: usize = size_of::<u64>();

/// Memory shared with every process forked from now on: some objects and,
/// in some regions, many pieces after them.
///
/// A piece is a word, its link, and bytes that are copied in and out. It is
/// only address space until it is [reserved](Region::reserve).
pub(crate) struct Region {
    memory: Shmem,
    /// So many bytes, from the start, hold objects.
    objects: usize,
    /// For the pieces; regions without any have all their memory at once, and
    /// do not keep a second descriptor.
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

    /// `size` bytes of zeroes for objects, whole pages, and so many pieces.
    pub(crate) fn with_pieces(size: usize, pieces: usize) -> Result<Self> {
        Self::make(size, size.saturating_add(pieces.saturating_mul(PIECE)))
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

    /// The `T` that lies `offset` bytes into the region.
    pub(crate) fn at<T: Shared>(&self, offset: usize) -> &T {
        let end = offset.checked_add(size_of::<T>());
        assert!(
            end.is_some_and(|end| end <= self.objects),
            "a shared object lies among the objects of its region"
        );
        self.object(offset)
    }

    /// The `len` objects from `offset` on, one after the other.
    pub(crate) fn row<T: Shared>(&self, offset: usize, len: usize) -> &[T] {
        let size = len.checked_mul(size_of::<T>());
        let end = size.and_then(|size| offset.checked_add(size));
        assert!(
            end.is_some_and(|end| end <= self.objects)
                && offset.is_multiple_of(align_of::<T>()),
            "a row of shared objects lies within its region, aligned"
        );
        // SAFETY: as in `object`, for a range of objects without gaps.
        unsafe {
            let first = self.memory.as_ptr().add(offset).cast::<T>();
            std::slice::from_raw_parts(first, len)
        }
    }

    /// An object, or the link of a piece.
    fn object<T: Shared>(&self, offset: usize) -> &T {
        let end = offset.checked_add(size_of::<T>());
        assert!(
            end.is_some_and(|end| end <= self.memory.len())
                && offset.is_multiple_of(align_of::<T>()),
            "a shared object lies within its region, aligned"
        );
        // SAFETY: the range is inside the mapping, which lives as long as
        // `self`, and aligned, since a mapping starts on a page. `Shared` says
        // that zeroed bytes, and what other processes make of them through a
        // `T`, are a valid `T`, and that a shared reference is all that anyone
        // needs; `write` stays clear of objects and links.
        unsafe { &*self.memory.as_ptr().add(offset).cast::<T>() }
    }

    /// Makes sure that there is memory for a piece. Without it, a full
    /// `/dev/shm` would show only when it is touched, as a SIGBUS.
    pub(crate) fn reserve(&self, piece: usize) -> Result<()> {
        let start = self.start(piece);
        match &self.file {
            Some(file) => reserve(file, start, start + PIECE),
            None => Ok(()),
        }
    }

    /// Gives the memory of a piece back to the system. It must not be touched
    /// before it is reserved again.
    pub(crate) fn give_back(&self, piece: usize) {
        use rustix::fs::FallocateFlags;
        let start = self.start(piece);
        let Some(file) = &self.file else { return };
        // Keeping the memory is no error: it is only not free yet.
        let _ = rustix::fs::fallocate(
            file,
            FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE,
            start as u64,
            PIECE as u64,
        );
    }

    /// The link of a piece.
    pub(crate) fn link(&self, piece: usize) -> &AtomicU32 {
        self.object(self.start(piece))
    }

    /// Copies `bytes` to `offset` in a piece.
    ///
    /// The caller has the lock of those who write, and writes where there is
    /// no message yet; who reads has that of those who read, and reads a
    /// message that is there. So nobody does either to the same bytes
    /// meanwhile.
    pub(crate) fn write(
        &self,
        _held: &Held<'_>,
        (piece, offset): (usize, usize),
        bytes: &[u8],
    ) {
        let place = self.place(piece, offset, bytes.len());
        // SAFETY: the range is inside the mapping and in the bytes of a piece
        // (checked by `place`), to which there are no references; `bytes` is
        // memory of this process and cannot overlap it. Nobody else touches
        // the range: it is reached by `read` and `write` alone, whose callers
        // keep to what is said above.
        unsafe {
            let mut to = self.memory.as_ptr().add(place);
            for part in bytes.chunks(step(bytes.len())) {
                std::ptr::copy_nonoverlapping(part.as_ptr(), to, part.len());
                to = to.add(part.len());
            }
        }
    }

    /// Fills `bytes` from `offset` in a piece, as [`write`](Self::write) says.
    pub(crate) fn read(
        &self,
        _held: &Held<'_>,
        (piece, offset): (usize, usize),
        bytes: &mut [u8],
    ) {
        let place = self.place(piece, offset, bytes.len());
        // SAFETY: as in `write`, in the other direction.
        unsafe {
            let mut from = self.memory.as_ptr().add(place);
            for part in bytes.chunks_mut(step(bytes.len())) {
                let (to, len) = (part.as_mut_ptr(), part.len());
                std::ptr::copy_nonoverlapping(from, to, len);
                from = from.add(len);
            }
        }
    }

    /// Where a piece starts.
    fn start(&self, piece: usize) -> usize {
        let start = piece.saturating_mul(PIECE).saturating_add(self.objects);
        assert!(
            start < self.memory.len() && self.memory.len() - start >= PIECE,
            "a piece lies within its region"
        );
        start
    }

    /// Where the `len` bytes from `offset` on lie, of one piece.
    fn place(&self, piece: usize, offset: usize, len: usize) -> usize {
        assert!(
            (LINK..=PIECE).contains(&offset) && len <= PIECE - offset,
            "a message lies in the bytes of a piece"
        );
        self.start(piece) + offset
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
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[repr(C)]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type,)*
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
