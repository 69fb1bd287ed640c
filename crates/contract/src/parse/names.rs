//! The labels and the actors: one namespace.

use std::collections::HashMap;

use crate::cursor::{Cursor, Parsed};
use crate::diagnostic::{Fault, Span};
use crate::model::Lines;
use crate::similar;

/// Words that begin or divide a rule, and the name of nothing.
const RESERVED: [&str; 8] = [
    "per", "before", "always", "finally", "usually", "elapsed", "spread", "_",
];

/// What each name stands for.
#[derive(Default)]
pub(super) struct Names {
    known: HashMap<String, (Span, Lines)>,
    /// In the order of the file, so that suggestions are always the same.
    order: Vec<String>,
}

impl Names {
    pub(super) fn declare(&mut self, name: &str, span: Span) -> Parsed<()> {
        if RESERVED.contains(&name) {
            let message = format!("`{name}` is a word of the language");
            return Err(Fault::new(span, message, "choose another name"));
        }
        if let Some(&(first, _)) = self.known.get(name) {
            let message = format!("the name `{name}` is taken");
            return Err(Fault::new(span, message, "and here again")
                .also(first, "named here")
                .help("labels and actors share their names"));
        }
        self.known.insert(name.to_owned(), (span, Lines::new()));
        self.order.push(name.to_owned());
        Ok(())
    }

    /// Lets `name` stand for one line more.
    pub(super) fn add(&mut self, name: &str, line: usize) {
        if let Some((_, lines)) = self.known.get_mut(name) {
            lines.push(line);
        }
    }

    /// The lines that the name at the cursor stands for.
    pub(super) fn lines(&self, line: &mut Cursor<'_>) -> Parsed<Lines> {
        let Some((name, span)) = line.name() else {
            let message = "a label or an actor's name should stand here";
            return Err(Fault::new(line.here(), message, ""));
        };
        self.named(name, span)
    }

    pub(super) fn named(&self, name: &str, span: Span) -> Parsed<Lines> {
        if let Some((_, lines)) = self.known.get(name) {
            return Ok(lines.clone());
        }
        let message = format!("`{name}` is neither a label nor an actor");
        let names = self.order.iter().map(String::as_str);
        let label = match similar::nearest(name, names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "no line and no actor has this name".into(),
        };
        Err(Fault::new(span, message, label))
    }
}
