//! A line of a contract: literal text with holes.

use std::collections::HashSet;
use std::ops::Range;

use crate::kind::Kind;
use crate::nfa::Nfa;

/// What the lines of an actor look like.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// The template as it is written.
    pub(crate) source: String,
    pieces: Vec<Piece>,
    nfa: Nfa,
}

#[derive(Debug, Clone)]
struct Piece {
    nfa: Nfa,
    content: Content,
}

/// One piece of a template.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Literal(String),
    Hole(Hole),
}

/// A place where a line varies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hole {
    /// None for `_`: its value is not looked at.
    pub(crate) name: Option<String>,
    pub(crate) kind: Kind,
}

/// The value of a named hole in a line.
#[derive(Debug, Clone)]
pub(crate) struct Capture<'c> {
    pub(crate) name: &'c str,
    pub(crate) kind: &'c Kind,
    pub(crate) value: String,
}

impl Template {
    pub(crate) fn new(source: &str, contents: Vec<Content>) -> Self {
        let pieces: Vec<Piece> = contents
            .into_iter()
            .map(|content| Piece {
                nfa: match &content {
                    Content::Literal(text) => Nfa::literal(text),
                    Content::Hole(hole) => hole.kind.nfa(),
                },
                content,
            })
            .collect();
        let nfa = pieces
            .iter()
            .rev()
            .fold(Nfa::empty(), |rest, piece| piece.nfa.clone().then(&rest));
        Self {
            source: source.to_owned(),
            pieces,
            nfa,
        }
    }

    /// The automaton of the whole template.
    pub(crate) fn nfa(&self) -> &Nfa {
        &self.nfa
    }

    pub(crate) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.pieces.iter().filter_map(|piece| match &piece.content {
            Content::Hole(hole) => Some(hole),
            Content::Literal(_) => None,
        })
    }

    /// The hole called `name`.
    pub(crate) fn hole(&self, name: &str) -> Option<&Hole> {
        self.holes().find(|hole| hole.name.as_deref() == Some(name))
    }

    /// The text outside the holes.
    pub(crate) fn literal(&self) -> String {
        self.pieces
            .iter()
            .filter_map(|piece| match &piece.content {
                Content::Literal(text) => Some(text.as_str()),
                Content::Hole(_) => None,
            })
            .collect()
    }

    /// The template with the holes filled whose values are known.
    pub(crate) fn fill<'a>(
        &self,
        value: impl Fn(&str) -> Option<&'a str>,
    ) -> String {
        self.pieces
            .iter()
            .map(|piece| match &piece.content {
                Content::Literal(text) => text.clone(),
                Content::Hole(hole) => {
                    let name = hole.name.as_deref().unwrap_or("_");
                    match value(name) {
                        Some(value) => value.to_owned(),
                        None => format!("{{{name}}}"),
                    }
                }
            })
            .collect()
    }

    /// The template with the holes filled, from left to right.
    pub(crate) fn build(&self, values: &[&str]) -> String {
        let mut values = values.iter().copied();
        self.pieces
            .iter()
            .map(|piece| match &piece.content {
                Content::Literal(text) => text.as_str(),
                Content::Hole(_) => values.next().unwrap_or_default(),
            })
            .collect()
    }

    /// How many characters of `line` some matching line could begin with.
    pub(crate) fn agrees_until(&self, line: &str) -> usize {
        let text: Vec<char> = line.chars().collect();
        self.nfa.scan(&text).1
    }

    /// The values of the named holes, if the whole of `line` matches.
    pub(crate) fn capture(&self, line: &str) -> Option<Vec<Capture<'_>>> {
        let parts = self.split(line)?;
        let captures = parts.into_iter().filter_map(|(content, value)| {
            let Content::Hole(hole) = content else {
                return None;
            };
            Some(Capture {
                name: hole.name.as_deref()?,
                kind: &hole.kind,
                value,
            })
        });
        Some(captures.collect())
    }

    /// The line with its literal texts and its values changed.
    pub(crate) fn rewrite(
        &self,
        line: &str,
        literal: impl Fn(&str) -> String,
        value: impl Fn(&Hole, &str) -> String,
    ) -> Option<String> {
        let parts = self.split(line)?;
        let parts = parts.into_iter().map(|(content, text)| match content {
            Content::Literal(_) => literal(&text),
            Content::Hole(hole) => value(hole, &text),
        });
        Some(parts.collect())
    }

    /// The pieces, each with its part of the line, if the whole of it matches.
    ///
    /// Where a line can be split in several ways, the holes choose from left
    /// to right: a text takes as little as it can, any other kind as much.
    pub(crate) fn split(&self, line: &str) -> Option<Vec<(&Content, String)>> {
        let text: Vec<char> = line.chars().collect();
        if !self.nfa.accepts(&text) {
            return None;
        }
        let split = Split {
            pieces: &self.pieces,
            text: &text,
            dead: HashSet::new(),
        };
        let ranges = split.find()?;
        let pieces = self.pieces.iter().zip(ranges);
        let parts = pieces.map(|(piece, range)| {
            (&piece.content, text[range].iter().collect())
        });
        Some(parts.collect())
    }
}

/// The search for the places where the pieces of a template meet. A place
/// from which the rest cannot match is remembered, so none is tried twice.
struct Split<'a> {
    pieces: &'a [Piece],
    text: &'a [char],
    dead: HashSet<(usize, usize)>,
}

impl Split<'_> {
    fn find(mut self) -> Option<Vec<Range<usize>>> {
        let mut found = Vec::new();
        if !self.matches(0, 0, &mut found) {
            return None;
        }
        found.reverse();
        Some(found)
    }

    /// Whether the pieces from `piece` on match the text from `at` on;
    /// `found` gets their ranges, the last piece's first.
    fn matches(
        &mut self,
        piece: usize,
        at: usize,
        found: &mut Vec<Range<usize>>,
    ) -> bool {
        let Some(Piece { nfa, content }) = self.pieces.get(piece) else {
            return at == self.text.len();
        };
        if self.dead.contains(&(piece, at)) {
            return false;
        }
        let (mut lengths, _) = nfa.scan(&self.text[at..]);
        if !matches!(content, Content::Hole(hole) if hole.kind.is_lazy()) {
            lengths.reverse();
        }
        for length in lengths {
            if self.matches(piece + 1, at + length, found) {
                found.push(at..at + length);
                return true;
            }
        }
        self.dead.insert((piece, at));
        false
    }
}
