//! The examples of this repository, as their manifests describe them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One example: a member crate under `examples-*`.
#[derive(Debug, Clone)]
pub struct Example {
    /// The crate's folder.
    pub folder: PathBuf,
    /// The package, which is also the name of the program.
    pub package: String,
    /// What the README's table says of it.
    pub about: About,
}

/// `[package.metadata.example]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct About {
    /// The number or the name in the text: `例 3-1`.
    pub number: String,
    /// The English title.
    pub title: String,
    /// The text's own title.
    pub title_zh: String,
    /// The section of the text.
    pub section: String,
    /// The Python names that it mirrors.
    pub python: Vec<String>,
    /// Its place in the table.
    pub order: u32,
    /// The least pace at which its time limits leave a busy machine enough
    /// time.
    #[serde(default)]
    pub minimum_pace: f64,
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    example: About,
}

/// The folder of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// All examples, in the order of the table.
///
/// # Errors
/// If a manifest cannot be read or lacks something; the message names it.
pub fn examples() -> io::Result<Vec<Example>> {
    let mut examples = Vec::new();
    for group in folders(&root())? {
        if file_name(&group).starts_with("examples-") {
            for folder in folders(&group)? {
                examples.push(Example::read(folder)?);
            }
        }
    }
    examples.sort_by_key(|example| example.about.order);
    Ok(examples)
}

/// One way of running an example, which has a contract of its own.
#[derive(Debug, Clone)]
pub struct Variant {
    /// `ex3-1::no-join`.
    pub name: String,
    /// The example.
    pub example: Example,
    /// The file of its contract.
    pub contract: PathBuf,
}

/// The variants of all examples.
///
/// # Errors
/// As [`examples`].
pub fn variants() -> io::Result<Vec<Variant>> {
    let mut variants = Vec::new();
    for example in examples()? {
        for contract in example.contracts()? {
            let stem = contract.file_stem().unwrap_or_default();
            let name = format!("{}::{}", example.package, stem.display());
            let example = example.clone();
            variants.push(Variant {
                name,
                example,
                contract,
            });
        }
    }
    Ok(variants)
}

impl Example {
    fn read(folder: PathBuf) -> io::Result<Self> {
        let path = folder.join("Cargo.toml");
        let text = fs::read_to_string(&path)?;
        let Manifest { package } = toml::from_str(&text).map_err(|error| {
            io::Error::other(format!("{}: {error}", path.display()))
        })?;
        let Package { name, metadata } = package;
        Ok(Self {
            folder,
            package: name,
            about: metadata.example,
        })
    }

    /// Its contracts, one a variant, by name.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn contracts(&self) -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.folder)?;
        let paths = entries.map(|entry| Ok(entry?.path()));
        let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
        paths
            .retain(|path| path.extension().is_some_and(|it| it == "contract"));
        paths.sort();
        Ok(paths)
    }

    /// Its program.
    #[must_use]
    pub fn main(&self) -> PathBuf {
        self.folder.join("src/main.rs")
    }
}

fn folders(of: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(of)?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.is_dir());
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
