//! That nothing of what CPython's own tests pin down is forgotten: each number
//! is borne by a test, or a table in the documentation says what it means here.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;

use ex::catalogue::root;
use golden::sources::rust_files_in;

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

const BEHAVIOURS: u16 = 272;
const CRATES: [&str; 2] = ["crates/multiprocessing", "crates/concurrent"];

#[test]
fn each_behaviour_has_a_test_or_a_line_in_the_documentation() -> Result {
    let (mut tested, mut told) = (BTreeSet::new(), BTreeSet::new());
    for folder in CRATES {
        for test in texts(&root().join(folder).join("tests"))? {
            tested.extend(test.lines().flat_map(numbers_of_a_test));
        }
        for source in texts(&root().join(folder).join("src"))? {
            told.extend(source.lines().flat_map(numbers_of_a_row));
        }
    }
    let only_told: Vec<_> = told.difference(&tested).collect();
    println!("{} with a test", tested.len());
    println!("{} with a line only: {only_told:?}", only_told.len());

    let all: BTreeSet<u16> = (1..=BEHAVIOURS).collect();
    let found: BTreeSet<_> = tested.union(&told).copied().collect();
    let missing: Vec<_> = all.difference(&found).collect();
    assert!(missing.is_empty(), "neither a test nor a line: {missing:?}");
    let unknown: Vec<_> = found.difference(&all).collect();
    assert!(unknown.is_empty(), "there are no such numbers: {unknown:?}");
    Ok(())
}

/// The numbers in the name of a test, as 7 and 8 in `fn b007_b008_it_ends()`.
fn numbers_of_a_test(line: &str) -> Vec<u16> {
    let name = line.trim_start().strip_prefix("fn ").unwrap_or_default();
    let numbers = name.split('_').map_while(|word| {
        let digits = word.strip_prefix('b')?;
        (digits.len() == 3).then(|| digits.parse().ok())?
    });
    numbers.collect()
}

/// The numbers in the first column of a table in a module's documentation.
fn numbers_of_a_row(line: &str) -> Vec<u16> {
    let row = line.strip_prefix("//! | ").unwrap_or_default();
    let (first, _) = row.split_once(" | ").unwrap_or_default();
    let numbers = first.split(", ").map(str::parse);
    numbers.collect::<Result<_, _>>().unwrap_or_default()
}

/// The Rust files in a folder and those below it.
fn texts(folder: &Path) -> Result<Vec<String>> {
    let read = |path| Ok(fs::read_to_string(path)?);
    rust_files_in(folder)?.into_iter().map(read).collect()
}
