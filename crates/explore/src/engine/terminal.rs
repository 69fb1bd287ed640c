//! The terminal on which a program prints.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use nix::fcntl::OFlag;
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use crate::engine::calls::Call;

/// A terminal of its own, so that each line is out when it is printed.
///
/// What is printed is taken from the calls that print it, so that it is known
/// who has printed what, and when: the kernel does not get to see them, and
/// nobody ever waits for the terminal.
pub(crate) struct Terminal {
    /// Without this end the other one would count as hung up.
    _ours: PtyMaster,
    theirs: File,
    name: PathBuf,
}

impl Terminal {
    pub(crate) fn open() -> io::Result<Self> {
        let ours =
            posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = PathBuf::from(ptsname_r(&ours)?);
        let theirs = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NOCTTY)
            .open(&name)?;
        let mut settings = tcgetattr(&theirs)?;
        // Lines end as the program ends them.
        cfmakeraw(&mut settings);
        tcsetattr(&theirs, SetArg::TCSANOW, &settings)?;
        Ok(Self {
            _ours: ours,
            theirs,
            name,
        })
    }

    /// The program's end of it.
    pub(crate) fn end(&self) -> BorrowedFd<'_> {
        self.theirs.as_fd()
    }

    /// Whether a call writes to it.
    pub(crate) fn is_written_by(&self, call: &Call) -> bool {
        let writes = [libc::SYS_write, libc::SYS_writev];
        writes.contains(&call.number) && {
            // The first thread of the process may be gone.
            let (task, descriptor) = (call.task, call.int(0));
            let link = format!("/proc/{task}/fd/{descriptor}");
            fs::read_link(link).is_ok_and(|name| name == self.name)
        }
    }
}
