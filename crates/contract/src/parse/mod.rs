//! From the text of a contract to its model.
//!
//! A first walk over the file reads headers and actors. The rules come after
//! it, for they may name lines that are written below them, and only where
//! the lines are right, for else every name would seem unknown. A mistake
//! ends the reading of its own line only.

mod actor;
mod check;
mod explanation;
mod header;
mod names;
mod rule;
mod template;
mod values;

use std::sync::Arc;

use crate::cursor::{Cursor, Parsed};
use crate::diagnostic::{Diagnostic, Fault, Span};
use crate::model::{Actor, Contract, Exit, Line};
use crate::similar;
use header::Headers;
use names::Names;

impl Contract {
    /// Reads and checks a contract; `path` is what messages call it.
    ///
    /// # Errors
    ///
    /// Every mistake in the contract, in the order of its lines.
    pub fn parse(source: &str, path: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut reader = Reader::default();
        for (index, text) in source.lines().enumerate() {
            let line = Cursor::new(index + 1, text);
            if let Err(fault) = reader.read(line) {
                reader.faults.push(fault);
            }
        }
        let path: Arc<str> = path.into();
        reader.finish(&path).map_err(|faults| {
            let source: Arc<str> = source.into();
            faults
                .into_iter()
                .map(|fault| fault.in_file(&path, &source))
                .collect()
        })
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reader<'a> {
    title: Option<String>,
    headers: Headers,
    actors: Vec<Actor>,
    actor_spans: Vec<Span>,
    lines: Vec<Line>,
    line_spans: Vec<Span>,
    names: Names,
    rules: Vec<Cursor<'a>>,
    explained: Vec<Cursor<'a>>,
    /// Where the next indented line belongs.
    within: Within,
    faults: Vec<Fault>,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Within {
    #[default]
    Nothing,
    Actor,
    /// An actor whose own line is wrong: its lines are passed over.
    Mistake,
}

impl<'a> Reader<'a> {
    fn read(&mut self, mut line: Cursor<'a>) -> Parsed<()> {
        let indented = line.rest().starts_with(char::is_whitespace);
        line.skip_blanks();
        if line.is_done() {
            return Ok(());
        }
        if line.eat("#") {
            line.skip_blanks();
            let comment = line.rest().trim_end();
            self.title.get_or_insert_with(|| comment.to_owned());
            if explanation::begins(comment) {
                self.explained.push(line);
            }
            return Ok(());
        }
        if indented {
            return match self.within {
                Within::Actor => self.line(line),
                Within::Mistake => Ok(()),
                Within::Nothing => Err(stray(&line)),
            };
        }
        self.within = Within::Nothing;
        if rule::begins(line.rest()) {
            self.rules.push(line);
            return Ok(());
        }
        if self.headers.read(&line)? {
            return Ok(());
        }
        if !line.rest().contains(':') {
            return Err(unknown(&line));
        }
        self.within = Within::Mistake;
        self.actor(line)?;
        self.within = Within::Actor;
        Ok(())
    }

    fn finish(mut self, path: &Arc<str>) -> Result<Contract, Vec<Fault>> {
        let (mut rules, mut explained) = (Vec::new(), Vec::new());
        if self.faults.is_empty() {
            let faults = &mut self.faults;
            check::actors(&self.actors, &self.actor_spans, faults);
            check::templates(&mut self.lines, &self.line_spans, faults);
            for line in self.rules {
                match rule::read(&line, &self.names, &self.lines) {
                    Ok(rule) => rules.push(rule),
                    Err(fault) => faults.push(fault),
                }
            }
            for line in self.explained {
                match explanation::read(&line, &self.names, &rules) {
                    Ok(it) => explained.push(it),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        if !self.faults.is_empty() {
            self.faults.sort_by_key(Fault::line);
            return Err(self.faults);
        }
        Ok(Contract {
            path: Arc::clone(path),
            title: self.title,
            flags: self.headers.flags.unwrap_or_default(),
            exit: self.headers.exit.unwrap_or(Exit::Code(0)),
            stderr: self.headers.stderr,
            actors: self.actors,
            lines: self.lines,
            rules,
            explained,
        })
    }
}

fn stray(line: &Cursor<'_>) -> Fault {
    let message = "an indented line that belongs to no actor";
    Fault::new(line.to_end(), message, "there is no actor above it")
        .help("an actor is a name with a colon, `main:`, its lines follow")
}

fn unknown(line: &Cursor<'_>) -> Fault {
    let message = "neither a header nor an actor nor a rule";
    let mut words = line.rest().split_whitespace();
    let meant = words.find_map(|word| similar::nearest(word, rule::WORDS));
    let label = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => String::new(),
    };
    Fault::new(line.to_end(), message, label).help(
        "an actor is `main:`, a line of it `  label | text`, \
         a rule `A before B  # why`",
    )
}
