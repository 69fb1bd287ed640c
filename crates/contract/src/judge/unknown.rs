//! A line that the contract does not know.

use crate::judge::breach::{Breach, Mark};
use crate::kind::Kind;
use crate::model::{Contract, Line};
use crate::similar;
use crate::verdict;
use crate::width::{columns, visible};

/// So many values of a hole are listed.
const FEW_VALUES: usize = 8;

pub(super) fn line<'c>(
    contract: &'c Contract,
    row: usize,
    text: &str,
) -> Breach<'c> {
    let headline =
        format!("row {row} is a line that the contract does not know");
    let breach = Breach::new(verdict::Kind::Unknown, headline)
        .mark(Mark::broken(row, "no line of the contract matches".into()));
    let literals: Vec<(String, &Line)> = contract
        .lines
        .iter()
        .map(|line| (line.template.literal(), line))
        .collect();
    let candidates = literals.iter().map(|(text, line)| (text.as_str(), *line));
    let Some(nearest) = similar::most_alike(text, candidates) else {
        return breach;
    };
    compare(nearest, text)
        .into_iter()
        .fold(breach, |breach, note| breach.mark(Mark::note(note)))
        .broken(&nearest.source)
}

/// The line and its nearest template, and where they part.
fn compare(nearest: &Line, text: &str) -> Vec<String> {
    let agreed = nearest.template.agrees_until(text);
    let before: String = text.chars().take(agreed).collect();
    let mut notes = vec![
        String::new(),
        format!("nearest   {}", nearest.template.source),
        format!("row       {}", visible(text)),
        format!(
            "          {}^ here they part",
            " ".repeat(columns(&visible(&before)))
        ),
    ];
    let holes = nearest.template.holes();
    notes.extend(holes.filter_map(|hole| {
        let name = hole.name.as_deref()?;
        let Kind::OneOf(values) = &hole.kind else {
            return None;
        };
        let more = if values.len() > FEW_VALUES {
            " …"
        } else {
            ""
        };
        let few = values[..values.len().min(FEW_VALUES)].join(" ");
        Some(format!("          {{{name}}} is one of {few}{more}"))
    }));
    notes
}
