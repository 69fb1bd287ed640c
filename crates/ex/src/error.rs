//! What can go wrong on the way to a run and its judgement.

use std::io;
use std::path::PathBuf;

use contract::Diagnostic;

/// Why something could not be done: what, to what, and what would help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder of the workspace cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or folder cannot be made.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A manifest lacks something that an example has to tell.
    #[error("{} does not describe an example: {message}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A contract has mistakes, each shown with its place.
    #[error("{}", lines(.0))]
    Contract(Vec<Diagnostic>),
    /// Cargo has failed.
    #[error("{0} cannot be built; cargo has said above why")]
    Build(String),
    /// Cargo has not told what is expected of it.
    #[error("cargo cannot be understood: {0}")]
    Cargo(io::Error),
    /// A package without a program.
    #[error("{0} has no program: its manifest needs a [[bin]] of this name")]
    NoProgram(String),
    /// A program cannot be explored.
    #[error(transparent)]
    Explore(#[from] explore::Error),
    /// A program cannot be run or watched.
    #[error("cannot run {program}: {source}")]
    Run {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A new example would replace something.
    #[error("{0} is there already; nothing has been changed")]
    Exists(String),
    /// What cannot be the name of an example.
    #[error(
        "'{0}' cannot be an example: give a number like 3-13, or a name like \
         read-write-lock"
    )]
    Name(String),
}

impl Error {
    /// For a file or folder that cannot be read.
    pub(crate) fn read(
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Read { path, source }
    }
}

fn lines(faults: &[Diagnostic]) -> String {
    let faults = faults.iter().map(ToString::to_string);
    faults.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}
