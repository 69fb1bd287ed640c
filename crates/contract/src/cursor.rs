//! A place in a line of the source, moved forward while it is read.

use crate::diagnostic::{Fault, Span};

/// The result of reading a part of a contract.
pub(crate) type Parsed<T> = Result<T, Fault>;

#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    line: usize,
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of line number `line`.
    pub(crate) fn new(line: usize, text: &'a str) -> Self {
        Self { line, text, at: 0 }
    }

    /// The same line, cut off at byte `end`.
    pub(crate) fn until(mut self, end: usize) -> Self {
        self.text = &self.text[..end];
        self
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn line(&self) -> usize {
        self.line
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(crate) fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    /// From byte `start` to here.
    pub(crate) fn span(&self, start: usize) -> Span {
        Span {
            line: self.line,
            start,
            end: self.at,
        }
    }

    /// The word here, for an error: up to the next blank.
    pub(crate) fn here(&self) -> Span {
        let rest = self.rest();
        let width = rest.find(char::is_whitespace).unwrap_or(rest.len());
        Span {
            line: self.line,
            start: self.at,
            end: self.at + width,
        }
    }

    /// The whole rest of the line, for an error.
    pub(crate) fn to_end(&self) -> Span {
        Span {
            line: self.line,
            start: self.at,
            end: self.at + self.rest().trim_end().len(),
        }
    }

    pub(crate) fn take_while(
        &mut self,
        keep: impl Fn(char) -> bool,
    ) -> &'a str {
        let rest = self.rest();
        let width = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += width;
        &rest[..width]
    }

    pub(crate) fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    pub(crate) fn next_char(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Moves over `text`, if it stands here.
    pub(crate) fn eat(&mut self, text: &str) -> bool {
        let here = self.rest().starts_with(text);
        if here {
            self.at += text.len();
        }
        here
    }

    /// A name, if one stands here: letters of any script, digits and `_`,
    /// not beginning with a digit.
    pub(crate) fn name(&mut self) -> Option<(&'a str, Span)> {
        let start = self.at;
        let first = self.rest().chars().next()?;
        if !(first.is_alphabetic() || first == '_') {
            return None;
        }
        let name = self.take_while(|c| c.is_alphanumeric() || c == '_');
        Some((name, self.span(start)))
    }

    /// A whole number without a sign, if one stands here.
    pub(crate) fn number(&mut self) -> Parsed<Option<(u32, Span)>> {
        let start = self.at;
        let digits = self.take_while(|c| c.is_ascii_digit());
        if digits.is_empty() {
            return Ok(None);
        }
        let span = self.span(start);
        match digits.parse() {
            Ok(number) => Ok(Some((number, span))),
            Err(_) => Err(Fault::new(
                span,
                "this number is too large",
                format!("at most {}", u32::MAX),
            )),
        }
    }
}
