//! What the checks are worth: each mistake in `mutants.toml` is made in a copy
//! of the sources, and the check named there has to fail.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[derive(Deserialize)]
struct Mutants {
    mutant: Vec<Mutant>,
}

#[derive(Deserialize)]
struct Mutant {
    name: String,
    file: PathBuf,
    replace: String,
    with: String,
    check: String,
}

const MEMBERS: &str = "members = [\"crates/model\"]";

/// A workspace of its own, with the model alone.
struct Copy {
    root: PathBuf,
}

#[test]
#[ignore = "it builds the model for each of them: scripts/model --mutants"]
fn each_mistake_is_found() -> Result {
    let text = fs::read_to_string(here().join("mutants.toml"))?;
    let mutants: Mutants = toml::from_str(&text)?;
    let copy = Copy::new()?;
    let mut missed = Vec::new();
    let only = std::env::var("MUTANT").unwrap_or_default();
    let named = |it: &&Mutant| it.name.contains(&only);
    for mutant in mutants.mutant.iter().filter(named) {
        let how = copy.hunt(mutant)?;
        println!("{}: {}", mutant.name, how.as_deref().unwrap_or("missed"));
        if how.is_none() {
            missed.push(&mutant.name);
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
    Ok(())
}

impl Copy {
    fn new() -> Result<Self> {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants");
        let workspace = here().join("../..");
        for part in ["crates/model", "crates/multiprocessing/src"] {
            copy_all(&workspace.join(part), &root.join(part))?;
        }
        fs::copy(workspace.join("Cargo.lock"), root.join("Cargo.lock"))?;
        let manifest = fs::read_to_string(workspace.join("Cargo.toml"))?;
        let lines = manifest.lines().map(|line| match line {
            line if line.starts_with("members = ") => MEMBERS,
            line => line,
        });
        let alone = lines.collect::<Vec<_>>().join("\n");
        fs::write(root.join("Cargo.toml"), alone)?;
        Ok(Self { root })
    }

    /// How its check found the mistake, if it did.
    fn hunt(&self, mutant: &Mutant) -> Result<Option<String>> {
        let path = self.root.join(&mutant.file);
        let right = fs::read_to_string(&path)?;
        let count = right.matches(&mutant.replace).count();
        assert_eq!(count, 1, "{}: places to replace", mutant.name);
        fs::write(&path, right.replace(&mutant.replace, &mutant.with))?;
        let test = ["test", "--offline", "-p", "model", "--test", "model"];
        let output = Command::new(env!("CARGO"))
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .args(test)
            .args(["--", "--exact", &format!("checks::{}", mutant.check)])
            .args(["--nocapture"])
            .output()?;
        fs::write(&path, right)?;
        let told = String::from_utf8_lossy(&output.stderr);
        let ran = String::from_utf8_lossy(&output.stdout).contains("running 1");
        assert!(ran, "{}: it does not build:\n{told}", mutant.name);
        let how = told.lines().find(|line| line.contains(" failed, after "));
        Ok(how.filter(|_| !output.status.success()).map(str::to_string))
    }
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn copy_all(from: &Path, to: &Path) -> Result {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_all(&entry.path(), &to)?,
            false => drop(fs::copy(entry.path(), to)?),
        }
    }
    Ok(())
}
