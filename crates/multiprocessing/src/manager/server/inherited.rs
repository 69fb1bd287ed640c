//! What a server has from its creator and must not keep.

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use crate::manager::door::Inside;
use crate::process::parent_process;

/// Closes every descriptor but the standard ones, the door's and the parent's.
///
/// The server would keep alive whatever its creator had open at the fork: a
/// pipe would never end for its reader because the server has a copy of the
/// writer's end. What used the descriptors in the creator lies in frames that
/// this process never comes back to.
pub(super) fn close_all_but(door: &Inside) -> io::Result<()> {
    let parent = parent_process().map(|parent| parent.as_fd().as_raw_fd());
    let numbers: Vec<i32> = fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    let kept = |fd| fd <= 2 || fd == door.as_raw_fd() || Some(fd) == parent;
    for fd in numbers.into_iter().filter(|fd| !kept(*fd)) {
        // The listing's own is closed already.
        let _ = nix::unistd::close(fd);
    }
    Ok(())
}
