//! Makes examples in a workspace that has none.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use ex::catalogue::root;
use support::{Done, Result, ex};

const MEMBERS: &str = "members = [\"examples-*/*\"]";

/// A workspace without examples. Its programs are built beside those of the
/// workspace itself, with its crates, where they lie: a copy of one would take
/// the place of the original there, as cargo knows the members of a workspace
/// by their paths inside of it.
fn workspace() -> Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("workspace");
    if workspace.exists() {
        fs::remove_dir_all(&workspace)?;
    }
    fs::create_dir_all(&workspace)?;
    for group in ["processes", "threads", "sync", "async"] {
        fs::create_dir(workspace.join(format!("examples-{group}")))?;
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let crates = format!("path = \"{}/crates/", root().display());
    let manifest = manifest.replace("path = \"crates/", &crates);
    let lines = manifest.lines().map(|line| match line {
        line if line.starts_with("members = ") => MEMBERS,
        line => line,
    });
    let manifest = lines.collect::<Vec<_>>().join("\n");
    fs::write(workspace.join("Cargo.toml"), manifest)?;
    fs::copy(root().join("Cargo.lock"), workspace.join("Cargo.lock"))?;
    Ok(workspace)
}

fn run_in(workspace: &Path, arguments: &[&str]) -> Result<Done> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    ex().args(arguments)
        .env("EX_ROOT", workspace)
        .env("CARGO_TARGET_DIR", target.unwrap_or(workspace))
        .output()?
        .try_into()
}

fn assert_done(workspace: &Path, arguments: &[&str]) -> Result<String> {
    let done = run_in(workspace, arguments)?;
    assert_eq!(done.code, Some(0), "{arguments:?}: {done:?}");
    Ok(done.stdout)
}

/// All files of a folder and what is in them.
fn contents(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(contents(&path)?);
        } else {
            all.push((path.clone(), fs::read_to_string(&path)?));
        }
    }
    all.sort();
    Ok(all)
}

/// Each mutant changes the program, at one place.
fn assert_mutants_fit(folder: &Path) -> Result {
    let program = fs::read_to_string(folder.join("src/main.rs"))?;
    let contract = fs::read_to_string(folder.join("default.contract"))?;
    let mutants = fs::read_to_string(folder.join("mutants.toml"))?;
    let mutants: toml::Table = mutants.parse()?;
    let mutants = mutants["mutant"].as_array().ok_or("no list")?;
    assert!(!mutants.is_empty());
    for mutant in mutants {
        let text = |key| mutant[key].as_str().ok_or("no text");
        let (replace, with) = (text("replace")?, text("with")?);
        assert_eq!(program.matches(replace).count(), 1, "{replace}");
        assert_ne!(replace, with);
        assert!(contract.contains(text("breaks")?), "{mutant}");
        text("name")?;
    }
    Ok(())
}

#[test]
fn a_new_example_keeps_its_contract_and_is_not_overwritten() -> Result {
    let workspace = workspace()?;
    let new = [
        "new",
        "3-13",
        "--group",
        "sync",
        "--title",
        "Read, then write",
    ];
    let told = assert_done(&workspace, &new)?;
    let folder = workspace.join("examples-sync/ex3-13-read-then-write");
    for (path, _) in contents(&folder)? {
        let path = path.strip_prefix(&workspace)?.display().to_string();
        assert!(told.lines().any(|line| line == path), "{told}");
    }
    assert_mutants_fit(&folder)?;
    let list = assert_done(&workspace, &[])?;
    let listed =
        |line: &str| line.starts_with("例 3-13 ") && line.contains("无题");
    assert!(list.lines().any(listed), "{list}");

    let threads = ["new", "read-write-lock", "--group", "threads"];
    assert_done(&workspace, &threads)?;
    let named = workspace.join("examples-threads/read-write-lock");
    assert_mutants_fit(&named)?;

    for name in ["3-13", "read-write-lock"] {
        let kept = assert_done(&workspace, &["check", name, "--runs", "2"])?;
        assert!(kept.contains("kept  2 runs"), "{kept}");
    }

    let contract = named.join("default.contract");
    let kept = fs::read_to_string(&contract)?;
    fs::write(&contract, format!("{kept}elapsed >= 1 s\n"))?;
    let wrong = run_in(&workspace, &["check", "read-write-lock"])?;
    assert_eq!(wrong.code, Some(1));
    let complaint = "error: this rule does not say why it holds\n";
    assert!(wrong.stderr.starts_with(complaint), "{}", wrong.stderr);

    let before = contents(&workspace.join("examples-sync"))?;
    let Done { code, stderr, .. } = run_in(&workspace, &new)?;
    assert_eq!(code, Some(2));
    assert!(stderr.contains("ex3-13 is there already"), "{stderr}");
    assert_eq!(contents(&workspace.join("examples-sync"))?, before);
    Ok(())
}

#[test]
fn numbers_have_two_digits_in_folders_only() -> Result {
    let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty");
    if empty.exists() {
        fs::remove_dir_all(&empty)?;
    }
    fs::create_dir_all(empty.join("examples-processes"))?;
    assert_done(&empty, &["new", "4.5", "--title", "One!"])?;
    let folder = empty.join("examples-processes/ex4-05-one");
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    assert!(manifest.contains("name = \"ex4-5\""), "{manifest}");
    assert!(manifest.contains("number = \"例 4-5\""), "{manifest}");
    assert!(manifest.contains("order = 405"), "{manifest}");
    Ok(())
}
