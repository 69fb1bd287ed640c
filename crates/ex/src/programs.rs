//! The binaries of the examples.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::Error;
use crate::catalogue::root;

/// What cargo says of a thing that it has built.
#[derive(Deserialize)]
struct Artifact {
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// What a build has made.
#[derive(Debug)]
pub struct Build {
    /// Whether all of it could be built; if not, cargo has said why on stderr.
    pub succeeded: bool,
    /// The programs, by name.
    pub programs: BTreeMap<String, PathBuf>,
}

/// Builds the programs of the whole workspace; their paths by name.
///
/// # Errors
/// If cargo fails; it has said why on stderr.
pub fn build() -> Result<BTreeMap<String, PathBuf>, Error> {
    workspace(&["--bins"], "the workspace")
}

/// Builds the program of one package; its path.
///
/// # Errors
/// If cargo fails; it has said why on stderr.
pub fn build_one(package: &str) -> Result<PathBuf, Error> {
    let mut programs = workspace(&["--bin", package], package)?;
    programs
        .remove(package)
        .ok_or_else(|| Error::NoProgram(package.to_owned()))
}

/// Builds some programs as members of the whole workspace: for one package by
/// itself cargo would unify features in another way, and compile the
/// dependencies anew.
fn workspace(
    which: &[&str],
    what: &str,
) -> Result<BTreeMap<String, PathBuf>, Error> {
    let build = cargo_build(&root(), &[&["--workspace"], which].concat())?;
    if !build.succeeded {
        return Err(Error::Build(what.to_owned()));
    }
    Ok(build.programs)
}

/// Runs `cargo build` in `folder`, in the profile of this program.
///
/// # Errors
/// If cargo cannot be started, or says what cannot be understood.
pub fn cargo_build(folder: &Path, arguments: &[&str]) -> Result<Build, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet"])
        .arg("--message-format=json-render-diagnostics")
        .args(arguments)
        .current_dir(folder)
        .stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command.output().map_err(|source| Error::Run {
        program: "cargo".to_owned(),
        source,
    })?;
    let mut programs = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let artifact: Artifact = serde_json::from_str(line)
            .map_err(|error| Error::Cargo(error.into()))?;
        if let (Some(target), Some(path)) =
            (artifact.target, artifact.executable)
        {
            programs.insert(target.name, path);
        }
    }
    Ok(Build {
        succeeded: output.status.success(),
        programs,
    })
}
