//! What is left of an output when all is taken out that is the program's
//! choice and not the schedule's.

use std::fmt;

use crate::kind::Kind;
use crate::model::{Actor, Line};
use crate::template::Hole;

/// The shape of an output: two runs of one shape have printed the same lines
/// of the same instances in the same order, with the same closed values,
/// counters and permutations. Pids, other numbers and texts may differ.
///
/// Its `Display` is the output with the name of the hole where the value is
/// left open: `Process ID#{child}`. Instances of open keys are numbered in
/// the order in which they appear: `{p 1} takes {n}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// With every brace doubled that was printed, so that none is taken for
    /// a hole.
    text: String,
}

impl Shape {
    /// Adds a line of output; `nth` is the number of the instance that
    /// printed it, among those of its actor.
    pub(crate) fn add(
        &mut self,
        line: &Line,
        actor: &Actor,
        nth: usize,
        text: &str,
    ) {
        let counts = line.counts_closed(actor);
        let show = |hole: &Hole, value: &str| {
            let name = hole.name.as_deref().unwrap_or("_");
            match hole.kind {
                Kind::OneOf(_) | Kind::Perm(_) => escape(value),
                Kind::Counter(_) if counts => value.to_owned(),
                _ if actor.has_key(name) => {
                    format!("{{{name} {nth}}}")
                }
                _ => format!("{{{name}}}"),
            }
        };
        let shown = line.template.rewrite(text, escape, show);
        self.text += &shown.unwrap_or_default();
        self.text.push('\n');
    }
}

impl Line {
    /// Whether its counters count combinations of known values only, so that
    /// the lines before tell what they show.
    pub(crate) fn counts_closed(&self, actor: &Actor) -> bool {
        self.template.holes().all(|hole| match &hole.kind {
            Kind::OneOf(_) | Kind::Perm(_) | Kind::Counter(_) => true,
            _ => hole.name.as_ref().is_none_or(|name| actor.has_key(name)),
        })
    }
}

fn escape(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
