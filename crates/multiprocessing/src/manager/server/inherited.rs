//! What a server has from its creator and must not keep.

use std::fs;
use std::io;
use std::os::fd::RawFd;
use std::os::unix::fs::MetadataExt;

use crate::sys::retire::Nothing;

/// The descriptors from before the fork.
///
/// The server would keep alive whatever its creator had open: a pipe would
/// never end for its reader because the server has a copy of the writer's end.
/// Only the initializer still has a use for them.
pub(super) struct Inherited(Vec<(RawFd, Identity)>);

/// Which file a descriptor stands for: the device's number and the file's.
type Identity = (u64, u64);

impl Inherited {
    /// What is open now, but for the standard ones and those that are `kept`.
    pub(super) fn list(kept: &[RawFd]) -> io::Result<Self> {
        let numbers: Vec<RawFd> = fs::read_dir("/proc/self/fd")?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|fd| *fd > 2 && !kept.contains(fd))
            .collect();
        // The listing's own is closed already.
        let found = |fd| Some((fd, identity(fd)?));
        Ok(Self(numbers.into_iter().filter_map(found).collect()))
    }

    /// Gives them up. A number that stands for another file by now is that of
    /// the initializer, and stays.
    pub(super) fn give_up(self) -> io::Result<()> {
        let nothing = Nothing::new()?;
        for (fd, before) in self.0 {
            if identity(fd) == Some(before) {
                nothing.replace(fd);
            }
        }
        Ok(())
    }
}

fn identity(fd: RawFd) -> Option<Identity> {
    let file = fs::metadata(format!("/proc/self/fd/{fd}")).ok()?;
    Some((file.dev(), file.ino()))
}
