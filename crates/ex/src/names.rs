//! What a reader may call an example.

use std::fmt;

use crate::catalogue::Example;

/// So many names are told where none is right.
const NEAREST: usize = 3;
/// So many are told where several are.
const MOST: usize = 5;

/// A name that is not the name of one example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear {
    /// It may mean any of these.
    Several {
        /// What was asked for.
        wanted: String,
        /// Their names and titles.
        found: Vec<String>,
    },
    /// Nothing is called so.
    Nothing {
        /// What was asked for.
        wanted: String,
        /// The names and titles that are nearest.
        nearest: Vec<String>,
    },
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Several { wanted, found } => {
                let shown = found[..found.len().min(MOST)].join(", ");
                write!(f, "'{wanted}' may be {shown}")?;
                if found.len() > MOST {
                    write!(f, " or {} more", found.len() - MOST)?;
                }
                f.write_str("; say which by its number or its name")
            }
            Self::Nothing { wanted, nearest } => write!(
                f,
                "no example is called '{wanted}'; the nearest are {}; `cargo \
                 ex` lists all",
                nearest.join(", ")
            ),
        }
    }
}

impl std::error::Error for Unclear {}

/// The example that is called `wanted`: by its number (`3-1`, `3.1`, `ex3-1`,
/// `例 3-1`), its name (`thread-local`), its folder, or words of one of its
/// titles.
///
/// # Errors
/// If there is no such example, or several.
pub fn find<'a>(
    examples: &'a [Example],
    wanted: &str,
) -> Result<&'a Example, Unclear> {
    let name = wanted.trim().to_lowercase();
    let called = examples.iter().find(|example| is_called(example, &name));
    if let Some(example) = called {
        return Ok(example);
    }
    let titled = examples.iter().filter(|example| has_words(example, &name));
    let titled: Vec<_> = titled.collect();
    match titled[..] {
        [example] => Ok(example),
        [] => Err(Unclear::Nothing {
            wanted: wanted.to_owned(),
            nearest: nearest(examples, &name),
        }),
        _ => Err(Unclear::Several {
            wanted: wanted.to_owned(),
            found: titled.into_iter().map(described).collect(),
        }),
    }
}

/// The number that a name like `3-1`, `3.01` or `例 3-1` tells.
#[must_use]
pub fn number(name: &str) -> Option<(u32, u32)> {
    let name = name.trim().to_lowercase();
    let prefixes = ["例", "example", "ex"];
    let stripped = prefixes.iter().find_map(|it| name.strip_prefix(it));
    let digits = stripped.unwrap_or(&name).trim();
    let (chapter, number) = digits.split_once(['-', '.'])?;
    Some((chapter.parse().ok()?, number.parse().ok()?))
}

impl Example {
    /// What `cargo ex` is best told: `3-1`, `thread-local`.
    #[must_use]
    pub fn short_name(&self) -> String {
        match number(&self.package) {
            Some((chapter, number)) => format!("{chapter}-{number}"),
            None => self.package.clone(),
        }
    }
}

fn is_called(example: &Example, name: &str) -> bool {
    let same_number = number(name)
        .is_some_and(|wanted| number(&example.package) == Some(wanted));
    same_number || whole_names(example).contains(&name.to_owned())
}

fn whole_names(example: &Example) -> [String; 6] {
    let Example {
        folder,
        package,
        about,
    } = example;
    let folder = folder.file_name().unwrap_or_default();
    let folder = folder.to_string_lossy();
    let names = [
        &*example.short_name(),
        package,
        &about.number,
        &folder,
        &about.title,
        &about.title_zh,
    ];
    names.map(str::to_lowercase)
}

/// Whether a title has these words; a digit alone is none.
fn has_words(example: &Example, words: &str) -> bool {
    let [.., title, title_zh] = whole_names(example);
    words.chars().any(char::is_alphabetic)
        && [title, title_zh].iter().any(|title| has(title, words))
}

/// Whether `words` stand in `title`, the first of them from its beginning on,
/// so that a thread is not found by `read`.
fn has(title: &str, words: &str) -> bool {
    title.match_indices(words).any(|(at, _)| {
        let before = title[..at].chars().next_back();
        !words.starts_with(|c: char| c.is_ascii())
            || before.is_none_or(|c| !c.is_ascii_alphanumeric())
    })
}

/// Those whose names, or words of whose titles, are most like `name`.
fn nearest(examples: &[Example], name: &str) -> Vec<String> {
    let mut examples: Vec<_> = examples
        .iter()
        .map(|example| (likeness(example, name), example))
        .collect();
    examples.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let best = examples.into_iter().take(NEAREST);
    best.map(|(_, example)| described(example)).collect()
}

fn likeness(example: &Example, name: &str) -> f64 {
    let names = whole_names(example);
    let words = names.iter().flat_map(|name| name.split_whitespace());
    names
        .iter()
        .map(String::as_str)
        .chain(words)
        .map(|known| strsim::normalized_damerau_levenshtein(known, name))
        .fold(0.0, f64::max)
}

/// `3-7 (信号量 · Semaphore)`
fn described(example: &Example) -> String {
    format!("{} ({})", example.short_name(), example.titles())
}
