//! The terminal on which a program prints.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use nix::fcntl::OFlag;
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::Pid;

use crate::calls::Call;

/// A terminal of its own, so that each line is out when it is printed.
///
/// What is printed is taken from the calls that print it, so that it is known
/// who has printed what, and when; here it is only thrown away.
pub(crate) struct Terminal {
    ours: PtyMaster,
    theirs: File,
    name: PathBuf,
}

impl Terminal {
    pub(crate) fn open() -> io::Result<Self> {
        let close = OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let ours = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | close)?;
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
        Ok(Self { ours, theirs, name })
    }

    /// The program's end of it.
    pub(crate) fn end(&self) -> BorrowedFd<'_> {
        self.theirs.as_fd()
    }

    /// Whether a call writes to it.
    pub(crate) fn is_written_by(&self, process: Pid, call: &Call) -> bool {
        let writes = [libc::SYS_write, libc::SYS_writev];
        writes.contains(&call.number) && {
            let descriptor = call.int(0);
            let link = format!("/proc/{process}/fd/{descriptor}");
            fs::read_link(link).is_ok_and(|name| name == self.name)
        }
    }

    /// Makes room for more.
    pub(crate) fn drain(&mut self) {
        let mut bytes = [0; 4096];
        while self.ours.read(&mut bytes).is_ok_and(|count| count > 0) {}
    }
}
