//! The program to run.

use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use crate::error::Error;

/// A program that sees this variable may tell what it does: see the crate's
/// documentation.
const TELL: &str = "EXPLORED";

/// A command, and where it runs. Its stdin is empty and its stdout a terminal,
/// so that in any language a line is out when it is printed.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// The program, looked up in PATH, and its arguments.
    pub command: Vec<OsString>,
    /// Variables to set besides those of this process; None: to remove.
    pub variables: Vec<(OsString, Option<OsString>)>,
    /// The folder in which it runs; None: this one.
    pub folder: Option<PathBuf>,
}

/// A program as the kernel wants it.
pub(crate) struct Found {
    pub(crate) path: CString,
    pub(crate) arguments: Vec<CString>,
    pub(crate) variables: Vec<CString>,
    pub(crate) folder: Option<CString>,
}

impl Program {
    /// The command in one line.
    pub(crate) fn shown(&self) -> String {
        let words = self.command.iter().map(|word| word.to_string_lossy());
        words.collect::<Vec<_>>().join(" ")
    }

    /// Looks it up, and makes ready what the new process must not make itself.
    pub(crate) fn find(&self) -> Result<Found, Error> {
        let found = self.try_find();
        found.map_err(|source| Error::Start {
            program: self.shown(),
            source,
        })
    }

    fn try_find(&self) -> io::Result<Found> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let name = self.command.first().ok_or_else(missing)?;
        let path = look_up(name).ok_or_else(missing)?;
        let arguments = self.command.iter().map(|word| c_string(word));
        let folder = self.folder.as_deref().map(Path::as_os_str);
        Ok(Found {
            path: c_string(path.as_os_str())?,
            arguments: arguments.collect::<io::Result<_>>()?,
            variables: self.environment()?,
            folder: folder.map(c_string).transpose()?,
        })
    }

    fn environment(&self) -> io::Result<Vec<CString>> {
        let changed = |name: &OsStr| {
            self.variables.iter().any(|(changed, _)| changed == name)
        };
        let told = (TELL.into(), "1".into());
        let kept = env::vars_os().filter(|(name, _)| !changed(name));
        let set = self
            .variables
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        kept.chain(set)
            .chain([told])
            .map(|(mut name, value)| {
                name.push("=");
                name.push(value);
                c_string(&name)
            })
            .collect()
    }
}

/// The path of a program: its name, if that is a path, else the first that
/// PATH leads to.
fn look_up(name: &OsStr) -> Option<PathBuf> {
    let runs = |path: &PathBuf| {
        path.is_file() && access(path, AccessFlags::X_OK).is_ok()
    };
    if name.as_bytes().contains(&b'/') {
        return Some(PathBuf::from(name));
    }
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(runs)
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "a name, an argument or a variable contains a null byte",
        )
    })
}
