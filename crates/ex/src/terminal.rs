//! A terminal of one's own, for a program to print to: in any language a line
//! is out there when it is printed, and not when a buffer is full.

use std::io;
use std::os::fd::OwnedFd;

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, tcgetattr, tcsetattr};

/// The two ends of a terminal.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// Where what is printed can be read.
    pub(crate) screen: OwnedFd,
    /// What a program takes for its stdout.
    pub(crate) stdout: OwnedFd,
}

impl Terminal {
    /// A new one, which leaves what is printed as it is.
    pub(crate) fn open() -> io::Result<Self> {
        // Nobody else who is started now may inherit it, or its end would
        // come only with his.
        let flags =
            OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let screen = openpt(flags)?;
        grantpt(&screen)?;
        unlockpt(&screen)?;
        let stdout = ioctl_tiocgptpeer(&screen, flags)?;
        let mut modes = tcgetattr(&stdout)?;
        modes.output_modes.remove(OutputModes::OPOST);
        tcsetattr(&stdout, OptionalActions::Now, &modes)?;
        Ok(Self { screen, stdout })
    }
}
