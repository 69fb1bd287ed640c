//! What can only be checked when all actors are known.

use crate::ambiguity;
use crate::diagnostic::{Fault, Span};
use crate::model::{Actor, Line};

pub(super) fn actors(
    actors: &[Actor],
    spans: &[Span],
    faults: &mut Vec<Fault>,
) {
    for (actor, &span) in actors.iter().zip(spans) {
        if actor.lines.is_empty() {
            let message = format!("the actor `{}` has no lines", actor.name);
            faults.push(
                Fault::new(span, message, "it prints nothing").help(
                    "its lines stand below it, indented: `  label | text`",
                ),
            );
        }
    }
}

/// No line of output may match two templates. Lines of one actor with the
/// very same template are told apart by counting, if their counts are fixed.
pub(super) fn templates(
    lines: &mut [Line],
    spans: &[Span],
    faults: &mut Vec<Fault>,
) {
    for later in 1..lines.len() {
        for first in 0..later {
            let (before, line) = (&lines[first], &lines[later]);
            if same_text(before, line) {
                if !(before.count.is_fixed() && line.count.is_fixed()) {
                    faults.push(uncounted(spans[first], spans[later]));
                }
                lines[later].first_alike = before.first_alike;
                break;
            }
            let (a, b) = (before.template.nfa(), line.template.nfa());
            if let Some(text) = ambiguity::witness(a, b) {
                faults.push(ambiguous(spans[first], spans[later], &text));
            }
        }
    }
}

fn same_text(a: &Line, b: &Line) -> bool {
    a.actor == b.actor && a.template.source == b.template.source
}

fn uncounted(first: Span, later: Span) -> Fault {
    let message = "which of these two lines is it, when it is printed?";
    Fault::new(later, message, "and here the same text again")
        .also(first, "printed here")
        .help(
            "a text may stand at several places of an actor if it is told \
             exactly how often it is printed at each",
        )
}

fn ambiguous(first: Span, later: Span, text: &str) -> Fault {
    let example = match text {
        "" => "an empty line".to_owned(),
        text => format!("`{text}`"),
    };
    let message = "a line of output could match two templates";
    Fault::new(later, message, "and this one")
        .also(first, "this template")
        .help(format!(
            "{example} matches both; narrow a hole, as in `{{n:int}}`, \
             or make them one line"
        ))
}
