//! What stands behind the `=` or the `:` of a key or a hole.

use crate::cursor::{Cursor, Parsed};
use crate::diagnostic::Fault;
use crate::kind::Kind;
use crate::similar;

/// A closed range is written out, value by value.
const MOST_VALUES: i64 = 10_000;
/// The automaton of a permutation has a state for each subset.
const MOST_ITEMS: usize = 10;

/// `a..b`, `a..` or words, up to the end of the cursor's text.
pub(super) fn values(line: &Cursor<'_>) -> Parsed<Kind> {
    let text = line.rest().trim();
    if let Some((first, last)) = text.split_once("..") {
        return range(line, first.trim(), last.trim());
    }
    words(line, text).map(Kind::OneOf)
}

fn range(line: &Cursor<'_>, first: &str, last: &str) -> Parsed<Kind> {
    let span = line.to_end();
    let number = |text: &str| {
        text.parse::<i64>().map_err(|_| {
            let message = "a range goes from one whole number to another";
            Fault::new(span, message, format!("`{text}` is none"))
                .help("write `i=0..4`, or `i=0..` to count up without end")
        })
    };
    let first = number(first)?;
    if last.is_empty() {
        return Ok(Kind::Counter(first));
    }
    let last = number(last)?;
    if last < first {
        let message = "this range is empty";
        let label = format!("{last} is less than {first}");
        return Err(Fault::new(span, message, label)
            .help("both ends belong to the range: 0..4 is 0 1 2 3 4"));
    }
    if last.saturating_sub(first) >= MOST_VALUES {
        let message = "this range is too long";
        let label = format!("at most {MOST_VALUES} values");
        return Err(Fault::new(span, message, label));
    }
    Ok(Kind::OneOf((first..=last).map(|n| n.to_string()).collect()))
}

fn words(line: &Cursor<'_>, text: &str) -> Parsed<Vec<String>> {
    let words: Vec<String> =
        text.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() {
        let message = "there are no values";
        return Err(Fault::new(line.here(), message, "")
            .help("write a range, `i=0..4`, or words, `who=Tom Jerry`"));
    }
    for (i, word) in words.iter().enumerate() {
        if words[..i].contains(word) {
            let message = format!("the value `{word}` stands here twice");
            return Err(Fault::new(line.to_end(), message, ""));
        }
    }
    Ok(words)
}

/// The name of a type, up to the end of the cursor's text.
pub(super) fn kind(line: &Cursor<'_>) -> Parsed<Kind> {
    let text = line.rest().trim();
    if let Some(items) = text.strip_prefix("perm") {
        return permutation(line, items.trim_start());
    }
    Ok(match text {
        "int" => Kind::Int,
        "float" => Kind::Float,
        "pid" => Kind::Pid,
        "word" => Kind::Word,
        "text" => Kind::Text { empty: true },
        _ => {
            let types = ["int", "float", "pid", "word", "text", "perm"];
            let message = format!("`{text}` is not a type");
            let label = match similar::nearest(text, types) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "int, float, pid, word, text or perm(a b c)".into(),
            };
            return Err(Fault::new(line.to_end(), message, label));
        }
    })
}

fn permutation(line: &Cursor<'_>, items: &str) -> Parsed<Kind> {
    let inner = items.strip_prefix('(').and_then(|i| i.strip_suffix(')'));
    let items = quotable_words(inner.unwrap_or_default());
    if items.is_empty() || items.len() > MOST_ITEMS {
        let message = format!("a perm wants 1 to {MOST_ITEMS} items");
        return Err(Fault::new(line.to_end(), message, "")
            .help("write them in parentheses: `{order:perm(1 8 27)}`"));
    }
    Ok(Kind::Perm(items))
}

/// The words of `text`; one in double quotes may have blanks in it.
fn quotable_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}
