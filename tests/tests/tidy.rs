//! The shape of the examples, which a reader relies on, and of all files.

use std::error::Error;
use std::fs;

use ex::catalogue::{Example, examples, root};
use golden::sources::{manifests, rust_files_in};
use unicode_width::UnicodeWidthStr;

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

const LONGEST_EXAMPLE: usize = 90;
const LONGEST_MEDIAN: usize = 45;
const LONGEST_HEADER: usize = 15;
const LONGEST_FILE: usize = 400;
/// A Chinese character takes two columns.
const COLUMNS: usize = 80;

#[test]
fn examples_are_short() -> Result {
    let mut lengths = Vec::new();
    for example in examples()? {
        let length = text(&example)?.lines().count();
        assert!(
            length <= LONGEST_EXAMPLE,
            "{}: {length} lines, over {LONGEST_EXAMPLE}",
            example.package
        );
        lengths.push(length);
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(
        median <= LONGEST_MEDIAN,
        "the median of the examples is {median} lines, over {LONGEST_MEDIAN}"
    );
    Ok(())
}

#[test]
fn examples_fit_beside_the_text() -> Result {
    for example in examples()? {
        for (number, line) in (1..).zip(text(&example)?.lines()) {
            let width = line.width();
            assert!(
                width <= COLUMNS,
                "{}:{number}: {width} columns, over {COLUMNS}",
                example.main().display()
            );
        }
    }
    Ok(())
}

#[test]
fn examples_begin_with_their_titles_and_tell_how_they_are_run() -> Result {
    for example in examples()? {
        let text = text(&example)?;
        let header: Vec<_> = text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        let place = example.main().display().to_string();
        assert!(
            header.len() <= LONGEST_HEADER,
            "{place}: a header of {} lines, over {LONGEST_HEADER}",
            header.len()
        );
        let about = &example.about;
        let title =
            format!("{} {} · {}", about.number, about.title_zh, about.title);
        assert_eq!(header[0], format!("//! {title}"), "{place}");
        let manifest = fs::read_to_string(example.folder.join("Cargo.toml"))?;
        assert!(
            manifest.contains(&format!("description = \"{title}\"")),
            "{place}: the manifest describes something else than {title}"
        );
        for flags in flags(&example)? {
            let dashes = if flags.is_empty() { "" } else { " -- " };
            let run = format!(
                "//!     cargo run -p {}{dashes}{flags}",
                example.package
            );
            assert!(
                header.contains(&run.as_str()),
                "{place}: the header does not tell `{run}`"
            );
        }
    }
    Ok(())
}

#[test]
fn examples_do_not_unwrap() -> Result {
    for example in examples()? {
        assert!(
            !text(&example)?.contains(".unwrap()"),
            "{}",
            example.package
        );
    }
    Ok(())
}

#[test]
fn each_example_has_a_contract_for_running_it_without_flags() -> Result {
    for example in examples()? {
        let flags = flags(&example)?;
        assert!(flags.contains(&String::new()), "{}", example.package);
    }
    Ok(())
}

#[test]
fn files_are_short() -> Result {
    for path in rust_files_in(&root())? {
        let length = fs::read_to_string(&path)?.lines().count();
        assert!(
            length <= LONGEST_FILE,
            "{}: {length} lines, over {LONGEST_FILE}",
            path.display()
        );
    }
    Ok(())
}

/// Otherwise the tests and the programs are built from different dependencies,
/// all that both need is built twice, and a program is replaced while it runs.
#[test]
fn features_are_asked_for_by_the_workspace() -> Result {
    for path in manifests()? {
        let inside = path.strip_prefix(root())?;
        if inside.starts_with("bench") {
            continue;
        }
        let manifest = fs::read_to_string(&path)?;
        assert!(!manifest.contains("features"), "{}", inside.display());
    }
    Ok(())
}

#[test]
fn unsafe_code_is_in_the_system_files_only() -> Result {
    let systems = [
        "crates/multiprocessing/src/sys",
        "crates/explore/src/engine/sys",
        "bench/src/raw",
    ];
    for path in rust_files_in(&root())? {
        let inside = path.strip_prefix(root())?;
        let source = inside.components().any(|part| part.as_os_str() == "src");
        let system = systems.iter().any(|folder| inside.starts_with(folder));
        if !source || system {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let code = text.lines().filter(|line| {
            let line = line.trim_start();
            !line.starts_with("//") && !line.contains("unsafe_code")
        });
        for line in code {
            assert!(!line.contains("unsafe "), "{}: {line}", inside.display());
        }
    }
    Ok(())
}

fn text(example: &Example) -> Result<String> {
    Ok(fs::read_to_string(example.main())?)
}

/// The flags of each variant.
fn flags(example: &Example) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for variant in example.variants()? {
        all.push(variant.read()?.flags().join(" "));
    }
    Ok(all)
}
