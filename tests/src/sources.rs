//! The files of the project.

use std::path::{Path, PathBuf};
use std::process::Command;

use ex::catalogue::root;

/// The Rust files that git knows, or would take, in a folder and below it.
///
/// # Errors
/// If git lists none.
pub fn rust_files_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    files_in(folder, "*.rs")
}

/// The manifests of all packages.
///
/// # Errors
/// If git lists none.
pub fn manifests() -> Result<Vec<PathBuf>, String> {
    files_in(&root(), "*/Cargo.toml")
}

fn files_in(folder: &Path, kind: &str) -> Result<Vec<PathBuf>, String> {
    let list = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git")
        .args(list)
        .arg(kind)
        .current_dir(root())
        .output()
        .map_err(|error| format!("cannot run git: {error}"))?;
    let names = String::from_utf8_lossy(&output.stdout);
    let paths = names.lines().map(|name| root().join(name));
    let paths = paths.filter(|it| it.starts_with(folder) && it.exists());
    let paths: Vec<_> = paths.collect();
    if paths.is_empty() {
        return Err(format!("git lists no files in {}", folder.display()));
    }
    Ok(paths)
}
