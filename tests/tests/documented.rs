//! That each public item of the libraries is shown at work: it has an example
//! of its own, or is used in one of those in the same folder.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use ex::catalogue::root;
use golden::sources::rust_files_in;

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

const CRATES: [&str; 1] = ["crates/multiprocessing"];
/// Public in their files only: by the first the type `!` is reached, by the
/// others no one outside can make proxies of his own.
const NOT_EXPORTED: [&str; 3] = ["Function", "Remote", "Sealed"];

#[test]
fn each_public_item_is_used_in_an_example_that_runs() -> Result {
    let mut items = Vec::new();
    let mut code = BTreeMap::<PathBuf, String>::new();
    for folder in CRATES {
        let source = root().join(folder).join("src");
        for path in rust_files_in(&source)? {
            let page = Page::read(&fs::read_to_string(&path)?);
            let folder = path.parent().filter(|it| *it != source);
            let place = folder.unwrap_or(&path).to_owned();
            *code.entry(place.clone()).or_default() += &page.code;
            items.extend(page.items.into_iter().map(|it| (place.clone(), it)));
        }
    }
    println!("{} public items", items.len());
    assert!(!items.is_empty(), "no items were found");
    items.retain(|(place, item)| {
        let is_exported = !NOT_EXPORTED.contains(&item.name.as_str());
        is_exported && !item.has_example && !uses(&code[place], &item.name)
    });
    let bare = items.iter().map(|(place, item)| {
        let place = place.strip_prefix(root()).unwrap_or(place);
        format!("{}: {}", place.display(), item.name)
    });
    let bare: Vec<_> = bare.collect();
    assert!(bare.is_empty(), "in no example: {bare:#?}");
    Ok(())
}

fn uses(code: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.split(|c| !is_word(c)).any(|word| word == name)
}

/// What a file offers, and the code of its examples.
#[derive(Default)]
struct Page {
    items: Vec<Item>,
    code: String,
}

struct Item {
    name: String,
    /// Whether its own documentation has an example.
    has_example: bool,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let [mut documents, mut inside, mut has_example] = [false; 3];
        for line in text.lines().map(str::trim) {
            let words = line.strip_prefix("///");
            if let Some(words) = words.or(line.strip_prefix("//!")) {
                // Attributes may stand between it and its item.
                has_example &= documents;
                documents = true;
                if words.trim_start().starts_with("```") {
                    inside = !inside;
                    has_example = true;
                } else if inside {
                    page.code.push_str(words);
                    page.code.push('\n');
                }
                continue;
            }
            documents = false;
            if let Some(name) = public_item(line) {
                let name = name.into();
                page.items.push(Item { name, has_example });
            }
        }
        page
    }
}

/// The name of the item that begins in this line, if it is a public one.
fn public_item(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub ")?;
    let rest = rest.strip_prefix("const ").unwrap_or(rest);
    let kinds = ["fn ", "struct ", "enum ", "trait "];
    let rest = kinds.iter().find_map(|kind| rest.strip_prefix(kind))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    Some(&rest[..end])
}
