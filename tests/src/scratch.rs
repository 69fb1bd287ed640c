//! The scratch package in which all mutants are built: `target/mutants`, with
//! one binary for each.
//!
//! One package, so that one `cargo build` makes them all and their
//! dependencies only once. It has the dependencies, the versions and the
//! profiles of the workspace, and its target folder: most of what the workspace
//! has compiled from the registry is used again.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use ex::catalogue::{Example, root};
use ex::programs::{Build, cargo_build};

/// A binary to be built.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name of the binary.
    pub name: String,
    /// Its program.
    pub text: String,
}

/// Builds them all; what cannot be built does not keep the others from it.
///
/// # Errors
/// If the package cannot be written, or cargo cannot be started.
pub fn build(examples: &[Example], sources: &[Source]) -> io::Result<Build> {
    let package = root().join("target/mutants");
    fs::create_dir_all(package.join("src"))?;
    let names = sources.iter().map(|source| source.name.as_str());
    update(&package.join("Cargo.toml"), &manifest(examples, names)?)?;
    // Cargo removes from it what is not needed here.
    fs::copy(root().join("Cargo.lock"), package.join("Cargo.lock"))?;
    for Source { name, text } in sources {
        update(&package.join(file(name)), text)?;
    }
    let target = root().join("target");
    let target = target.to_string_lossy();
    cargo_build(&package, &["--keep-going", "--target-dir", &target])
        .map_err(io::Error::other)
}

fn file(name: &str) -> String {
    format!("src/{name}.rs")
}

/// Writes a file, unless it says so already: what is not newer is not built
/// again.
fn update(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text)
}

/// What is used of the workspace's manifest.
#[derive(Deserialize)]
struct Root {
    workspace: Workspace,
    profile: Table,
}

#[derive(Deserialize)]
struct Workspace {
    package: Table,
    dependencies: Table,
}

/// What is used of an example's.
#[derive(Deserialize)]
struct Member {
    dependencies: Table,
}

#[derive(Serialize)]
struct Manifest<'a> {
    package: Table,
    workspace: Table,
    dependencies: Table,
    profile: Table,
    lints: Table,
    bin: Vec<Bin<'a>>,
}

#[derive(Serialize)]
struct Bin<'a> {
    name: &'a str,
    path: String,
}

impl<'a> Bin<'a> {
    fn new(name: &'a str) -> Self {
        let path = file(name);
        Self { name, path }
    }
}

fn manifest<'a>(
    examples: &[Example],
    names: impl Iterator<Item = &'a str>,
) -> io::Result<String> {
    let Root { workspace, profile } = read(&root())?;
    let mut package = toml::toml! {
        name = "mutants"
        description = "The examples, with one mistake each"
        autobins = false
    };
    for key in ["version", "edition", "rust-version"] {
        if let Some(value) = workspace.package.get(key) {
            package.insert(key.into(), value.clone());
        }
    }
    let manifest = Manifest {
        package,
        workspace: Table::new(),
        dependencies: dependencies(examples, workspace.dependencies)?,
        profile,
        // A mistake may well leave something unused.
        lints: toml::toml! { rust.warnings = "allow" },
        bin: names.map(Bin::new).collect(),
    };
    toml::to_string(&manifest).map_err(io::Error::other)
}

/// What the examples depend on, as the workspace has it.
fn dependencies(examples: &[Example], mut known: Table) -> io::Result<Table> {
    let mut used = BTreeSet::new();
    for example in examples {
        let Member { dependencies } = read(&example.folder)?;
        used.extend(dependencies.keys().cloned());
    }
    known.retain(|name, _| used.contains(name));
    for (_, dependency) in &mut known {
        let path = dependency.get_mut("path");
        if let Some(Value::String(path)) = path {
            *path = root().join(&path).display().to_string();
        }
    }
    Ok(known)
}

fn read<T: DeserializeOwned>(folder: &Path) -> io::Result<T> {
    let path = folder.join("Cargo.toml");
    toml::from_str(&fs::read_to_string(&path)?).map_err(|error| {
        io::Error::other(format!("{}: {error}", path.display()))
    })
}
