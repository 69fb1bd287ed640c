//! The skeleton of a new example: it builds and keeps its contract, and waits
//! for its texts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::Error;
use crate::catalogue::{Example, root};
use crate::names::number;

/// Names that other things in the folder of the binaries have.
const TAKEN: [&str; 6] =
    ["build", "deps", "examples", "golden", "incremental", "test"];

/// Between the places of two examples without numbers in the table.
const STEP: u32 = 10;

/// The folders `examples-…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// Processes, and what they share
    Processes,
    /// Threads
    Threads,
    /// Locks, semaphores, queues between producers and consumers
    Sync,
    /// Pools and results
    Async,
}

/// What a new example is called.
#[derive(Debug, Clone)]
pub struct Skeleton {
    group: Group,
    folder: PathBuf,
    /// What the templates leave open.
    words: Vec<(&'static str, String)>,
}

impl Skeleton {
    /// Of an example called `name`: a number or a package.
    ///
    /// # Errors
    /// If that cannot be a name, or is one already.
    pub fn new(
        name: &str,
        group: Group,
        [title_zh, title]: [&str; 2],
        others: &[Example],
    ) -> Result<Self, Error> {
        let called = called(name, title, others)?;
        let mut packages = others.iter().map(|example| &example.package);
        let root = root();
        if packages.any(|package| *package == called.package)
            || root.join("crates").join(&called.package).exists()
        {
            return Err(Error::Exists(called.package));
        }
        let threads = group == Group::Threads;
        let (python, dependencies) = if threads {
            ("threading.Thread", "lesson.workspace = true")
        } else {
            (
                "multiprocessing.Process",
                "lesson.workspace = true\nmultiprocessing.workspace = true",
            )
        };
        let folder = format!("examples-{}", group.name());
        Ok(Self {
            group,
            folder: root.join(folder).join(called.folder),
            words: vec![
                ("@package@", called.package),
                ("@number@", called.number),
                ("@order@", called.order.to_string()),
                ("@title@", title.to_owned()),
                ("@title-zh@", title_zh.to_owned()),
                ("@python@", python.to_owned()),
                ("@dependencies@", dependencies.to_owned()),
            ],
        })
    }

    /// Writes its files; their paths.
    ///
    /// # Errors
    /// If its folder exists, or cannot be made.
    pub fn write(&self) -> Result<Vec<PathBuf>, Error> {
        let folder = &self.folder;
        match fs::create_dir(folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(Error::Exists(folder.display().to_string()));
            }
            Err(error) => return Err(cannot_write(folder)(error)),
        }
        let source = folder.join("src");
        fs::create_dir(&source).map_err(cannot_write(&source))?;
        let mut written = Vec::new();
        for (name, template) in self.group.templates() {
            let path = folder.join(name);
            let text = self.filled(template);
            fs::write(&path, text).map_err(cannot_write(&path))?;
            written.push(path);
        }
        Ok(written)
    }

    fn filled(&self, template: &str) -> String {
        let words = self.words.iter();
        words.fold(template.to_owned(), |text, (word, meaning)| {
            text.replace(word, meaning)
        })
    }
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::Threads => "threads",
            Self::Sync => "sync",
            Self::Async => "async",
        }
    }

    fn templates(self) -> [(&'static str, &'static str); 4] {
        let (main, mutants) = match self {
            Self::Threads => (
                include_str!("../templates/threads.rs"),
                include_str!("../templates/threads.toml"),
            ),
            Self::Processes | Self::Sync | Self::Async => (
                include_str!("../templates/processes.rs"),
                include_str!("../templates/processes.toml"),
            ),
        };
        let contract = include_str!("../templates/default.contract");
        [
            ("Cargo.toml", include_str!("../templates/Cargo.toml")),
            ("src/main.rs", main),
            ("default.contract", contract),
            ("mutants.toml", mutants),
        ]
    }
}

/// What follows from a name.
struct Called {
    package: String,
    folder: String,
    /// In the text.
    number: String,
    /// In the table.
    order: u32,
}

fn called(
    name: &str,
    title: &str,
    others: &[Example],
) -> Result<Called, Error> {
    if let Some((chapter, number)) = number(name) {
        let topic = topic(title);
        return Ok(Called {
            package: format!("ex{chapter}-{number}"),
            folder: format!("ex{chapter}-{number:02}-{topic}"),
            number: format!("例 {chapter}-{number}"),
            order: chapter.saturating_mul(100).saturating_add(number),
        });
    }
    if !can_be_package(name) {
        return Err(Error::Name(name.to_owned()));
    }
    let orders = others.iter().map(|example| example.about.order);
    Ok(Called {
        package: name.to_owned(),
        folder: name.to_owned(),
        number: name
            .split('-')
            .map(capitalized)
            .collect::<Vec<_>>()
            .join(" "),
        order: orders.max().unwrap_or(0).saturating_add(STEP),
    })
}

fn can_be_package(name: &str) -> bool {
    let allowed =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(allowed)
        && !TAKEN.contains(&name)
}

/// `Create one child process` as part of a folder's name.
fn topic(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    let words: Vec<_> = words.map(str::to_ascii_lowercase).collect();
    if words.is_empty() {
        return "untitled".to_owned();
    }
    words.join("-")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Write { path, source }
}
