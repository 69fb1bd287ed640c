//! The binaries of the examples.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

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
/// All at once, since building them one by one would unify features in another
/// way each time, and compile the dependencies anew.
///
/// # Errors
/// If cargo fails; it has said why on stderr.
pub fn build() -> io::Result<BTreeMap<String, PathBuf>> {
    let build = cargo_build(&root(), &["--workspace", "--bins"])?;
    if !build.succeeded {
        return Err(io::Error::other("the examples cannot be built"));
    }
    Ok(build.programs)
}

/// Runs `cargo build` in `folder`, in the profile of this program.
///
/// # Errors
/// If cargo cannot be started, or says what cannot be understood.
pub fn cargo_build(folder: &Path, arguments: &[&str]) -> io::Result<Build> {
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
    let output = command.output()?;
    let mut programs = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let artifact: Artifact = serde_json::from_str(line)?;
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
