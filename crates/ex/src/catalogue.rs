//! The examples of this repository, as their manifests describe them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use contract::Contract;
use serde::Deserialize;

use crate::Error;

/// Another workspace than the one in which this was built.
const ROOT: &str = "EX_ROOT";

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
    /// The programs that it runs, which a machine may not have.
    #[serde(default)]
    pub needs: Vec<String>,
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
    if let Some(root) = env::var_os(ROOT) {
        return root.into();
    }
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_owned()
}

/// All examples, in the order of the table.
///
/// # Errors
/// If a manifest cannot be read or lacks something; the message names it.
pub fn examples() -> Result<Vec<Example>, Error> {
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

/// The variants of all examples.
///
/// # Errors
/// As [`examples`].
pub fn variants() -> Result<Vec<Variant>, Error> {
    let mut variants = Vec::new();
    for example in examples()? {
        variants.extend(example.variants()?);
    }
    Ok(variants)
}

impl Example {
    fn read(folder: PathBuf) -> Result<Self, Error> {
        let path = folder.join("Cargo.toml");
        let text = fs::read_to_string(&path).map_err(Error::read(&path))?;
        let Manifest { package } = toml::from_str(&text).map_err(|error| {
            let message = error.message().to_owned();
            Error::Manifest { path, message }
        })?;
        let Package { name, metadata } = package;
        Ok(Self {
            folder,
            package: name,
            about: metadata.example,
        })
    }

    /// Its variants, by name.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn variants(&self) -> Result<Vec<Variant>, Error> {
        let mut contracts = entries(&self.folder)?;
        contracts
            .retain(|path| path.extension().is_some_and(|it| it == "contract"));
        let variants = contracts.into_iter().map(|contract| Variant {
            name: contract
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            example: self.clone(),
            contract,
        });
        Ok(variants.collect())
    }

    /// Whether a run is legal in which its time limits pass because others
    /// are slow.
    #[must_use]
    pub fn is_patient(&self) -> bool {
        self.about.minimum_pace == 0.0
    }

    /// The first of the programs it needs that is in no folder of `PATH`.
    #[must_use]
    pub fn lacks(&self) -> Option<&str> {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = env::split_paths(&path).collect();
        let is_there =
            |name: &String| folders.iter().any(|it| it.join(name).is_file());
        let missing = self.about.needs.iter().find(|name| !is_there(name));
        missing.map(String::as_str)
    }

    /// Its program.
    #[must_use]
    pub fn main(&self) -> PathBuf {
        self.folder.join("src/main.rs")
    }

    /// Its titles: `创建一个子进程 · Create one child process`.
    #[must_use]
    pub fn titles(&self) -> String {
        let About {
            title, title_zh, ..
        } = &self.about;
        format!("{title_zh} · {title}")
    }

    /// Its number and its titles.
    #[must_use]
    pub fn full_title(&self) -> String {
        format!("{} {}", self.about.number, self.titles())
    }
}

/// One way of running an example, which has a contract of its own.
#[derive(Debug, Clone)]
pub struct Variant {
    /// `no-join`.
    pub name: String,
    /// The example.
    pub example: Example,
    /// The file of its contract.
    pub contract: PathBuf,
}

impl Variant {
    /// The variant that is run without flags.
    pub const DEFAULT: &'static str = "default";

    /// `ex3-1::no-join`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}::{}", self.example.package, self.name)
    }

    /// Its contract.
    ///
    /// # Errors
    /// If the file cannot be read, or has mistakes; the message shows them.
    pub fn read(&self) -> Result<Contract, Error> {
        let path = &self.contract;
        let text = fs::read_to_string(path).map_err(Error::read(path))?;
        let root = root();
        let shown = path.strip_prefix(&root).unwrap_or(path);
        Contract::parse(&text, &shown.display().to_string())
            .map_err(Error::Contract)
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::read(folder))?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let paths = paths.collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(Error::read(folder))?;
    paths.sort();
    Ok(paths)
}

fn folders(of: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut paths = entries(of)?;
    paths.retain(|path| path.is_dir());
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
