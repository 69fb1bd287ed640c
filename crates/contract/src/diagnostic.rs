//! What is wrong with a contract, and where: shown as rustc shows it.

use std::fmt;
use std::sync::Arc;

use crate::width::columns;

/// A place in the source: bytes `start..end` of line `line`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A mistake in a contract. Its `Display` names the file, the line and the
/// column, and puts a caret under the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    path: Arc<str>,
    source: Arc<str>,
    fault: Fault,
}

/// A mistake, before it is known in which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    message: String,
    /// The first place is where the mistake is, the others explain it.
    places: Vec<(Span, String)>,
    help: Option<String>,
}

impl Fault {
    /// A mistake at `span`; `label` stands beside the caret.
    pub(crate) fn new(
        span: Span,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            message: message.into(),
            places: vec![(span, label.into())],
            help: None,
        }
    }

    /// Another place that takes part in the mistake.
    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.places.push((span, label.into()));
        self
    }

    /// What to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn line(&self) -> usize {
        self.places[0].0.line
    }

    pub(crate) fn in_file(
        self,
        path: &Arc<str>,
        source: &Arc<str>,
    ) -> Diagnostic {
        Diagnostic {
            path: Arc::clone(path),
            source: Arc::clone(source),
            fault: self,
        }
    }
}

impl Diagnostic {
    /// What is wrong, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.fault.message
    }

    /// The line of the mistake, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.span().line
    }

    /// The column of the mistake: its character in the line, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        let span = self.span();
        let before = self.source_line(span.line).get(..span.start);
        before.unwrap_or_default().chars().count() + 1
    }

    fn span(&self) -> Span {
        self.fault.places[0].0
    }

    fn source_line(&self, line: usize) -> &str {
        self.source.lines().nth(line - 1).unwrap_or_default()
    }

    /// The places from top to bottom, each with the mark to underline it.
    fn marked(&self) -> Vec<(Span, &str, char)> {
        let marks = std::iter::once('^').chain(std::iter::repeat('-'));
        let mut places: Vec<_> = self
            .fault
            .places
            .iter()
            .zip(marks)
            .map(|((span, label), mark)| (*span, label.as_str(), mark))
            .collect();
        places.sort_by_key(|(span, ..)| (span.line, span.start));
        places
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.marked();
        let last = places.last().map_or(1, |(span, ..)| span.line);
        let gutter = last.to_string().len();
        writeln!(f, "error: {}", self.fault.message)?;
        let (line, column) = (self.line(), self.column());
        writeln!(f, "{:gutter$}--> {}:{line}:{column}", "", self.path)?;
        writeln!(f, "{:gutter$} |", "")?;
        let mut shown = None;
        for (span, label, mark) in places {
            let source = self.source_line(span.line);
            if shown != Some(span.line) {
                if shown.is_some_and(|before| before + 1 < span.line) {
                    writeln!(f, "...")?;
                }
                let text = expand(source);
                writeln!(f, "{:gutter$} | {text}", span.line)?;
                shown = Some(span.line);
            }
            let under = underline(source, span, mark);
            let note = format!("{under} {label}");
            writeln!(f, "{:gutter$} | {}", "", note.trim_end())?;
        }
        if let Some(help) = &self.fault.help {
            writeln!(f, "{:gutter$} |", "")?;
            writeln!(f, "{:gutter$} = help: {help}", "")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// A tab would shift the caret.
fn expand(text: &str) -> String {
    text.replace('\t', "    ")
}

fn underline(source: &str, span: Span, mark: char) -> String {
    let before = expand(source.get(..span.start).unwrap_or(source));
    let under = expand(source.get(span.start..span.end).unwrap_or_default());
    let width = columns(&under).max(1);
    " ".repeat(columns(&before)) + &mark.to_string().repeat(width)
}
