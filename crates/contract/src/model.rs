//! A contract, once it has been read and checked.

use std::sync::Arc;
use std::time::Duration;

use crate::explanation::Explanation;
use crate::kind::Kind;
use crate::template::Template;

/// How the program must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exits with this status.
    Code(i32),
    /// It is still there when everything is quiet, waiting for ever.
    Blocked,
}

/// The set of all outputs that a program may legally print.
#[derive(Debug, Clone)]
pub struct Contract {
    pub(crate) path: Arc<str>,
    pub(crate) title: Option<String>,
    pub(crate) flags: Vec<String>,
    pub(crate) exit: Exit,
    pub(crate) stderr: Option<Template>,
    pub(crate) actors: Vec<Actor>,
    pub(crate) lines: Vec<Line>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) explained: Vec<Explanation>,
}

/// A thread or process, or a family of them that differ in their keys.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) name: String,
    pub(crate) keys: Vec<Key>,
    /// How many different values the open keys take, if that is told.
    pub(crate) distinct: Option<u32>,
    /// Its lines, by their index in the contract, in the written order.
    pub(crate) lines: std::ops::Range<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: String,
    /// A closed key is one of some words; an open one is of any other kind.
    pub(crate) kind: Kind,
}

/// A line that the instances of an actor print.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) actor: usize,
    pub(crate) label: Option<String>,
    pub(crate) count: Count,
    pub(crate) template: Template,
    /// The first line of the actor with the very same template: the lines of
    /// one text are told apart by counting.
    pub(crate) first_alike: usize,
    pub(crate) source: Source,
}

/// How often an instance prints a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) least: u32,
    pub(crate) most: Option<u32>,
}

/// A part of a contract as it is written, to be quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its text, without the `# why`.
    pub text: String,
    /// The comment at the end of a rule: what makes it true.
    pub why: Option<String>,
    /// Its line in the file, counted from 1.
    pub line: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) source: Source,
    /// Whether it may fail: it is counted only.
    pub(crate) usually: bool,
    pub(crate) per: Option<Per>,
    pub(crate) demand: Demand,
}

/// A rule that holds for each value of a key or hole separately.
#[derive(Debug, Clone)]
pub(crate) struct Per {
    pub(crate) key: String,
    /// The values known from the contract, whether they are printed or not.
    pub(crate) values: Vec<String>,
}

/// Lines, by their index in the contract.
pub(crate) type Lines = Vec<usize>;

#[derive(Debug, Clone)]
pub(crate) enum Demand {
    /// None of `first` after any of `then`.
    Before { first: Lines, then: Lines },
    /// At every prefix.
    Always { left: Sum, right: Sum },
    /// At the end.
    Finally { left: Sum, right: Sum, exact: bool },
    /// The whole run.
    Elapsed { least: bool, limit: Duration },
    /// Any `count` consecutive of `lines`.
    Spread {
        count: usize,
        lines: Lines,
        limit: Duration,
    },
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Sum {
    pub(crate) constant: i64,
    pub(crate) terms: Vec<(i64, Lines)>,
}

impl Contract {
    /// The title: the first comment of the file.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The flags that the program is run with.
    #[must_use]
    pub fn flags(&self) -> &[String] {
        &self.flags
    }

    /// How the program must end.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What the program must print on stderr; None: nothing.
    #[must_use]
    pub fn stderr(&self) -> Option<&str> {
        self.stderr
            .as_ref()
            .map(|template| template.source.as_str())
    }

    /// The rules, as they are written.
    pub fn rules(&self) -> impl Iterator<Item = &Source> {
        self.rules.iter().map(|rule| &rule.source)
    }

    /// The rules that no run may break: all but those that say `usually`.
    pub fn hard_rules(&self) -> impl Iterator<Item = &Source> {
        let hard = self.rules.iter().filter(|rule| !rule.usually);
        hard.map(|rule| &rule.source)
    }
}

impl Actor {
    /// Whether its instances are only known when they appear.
    pub(crate) fn is_open(&self) -> bool {
        let open = |kind: &Kind| !matches!(kind, Kind::OneOf(_));
        self.keys.iter().any(|key| open(&key.kind))
    }

    pub(crate) fn has_key(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name == name)
    }

    /// Each choice of one value for each closed key.
    pub(crate) fn combinations(&self) -> Vec<Vec<String>> {
        let start = vec![Vec::new()];
        self.keys.iter().fold(start, |all, key| {
            let Kind::OneOf(values) = &key.kind else {
                return all;
            };
            let longer = |keys: &Vec<String>| {
                let keys = keys.clone();
                values.iter().map(move |value| {
                    let mut keys = keys.clone();
                    keys.push(value.clone());
                    keys
                })
            };
            all.iter().flat_map(longer).collect()
        })
    }
}

impl Line {
    /// Its label; of a line without one its text.
    pub(crate) fn name(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.template.source)
    }

    /// Whether an instance prints it at most once, so that its holes are
    /// held to their values.
    pub(crate) fn is_single(&self) -> bool {
        self.count.most == Some(1)
    }
}

impl Count {
    pub(crate) const ONCE: Self = Self {
        least: 1,
        most: Some(1),
    };

    /// Whether it is told exactly.
    pub(crate) fn is_fixed(self) -> bool {
        self.most == Some(self.least)
    }
}

impl Rule {
    /// Whether a run can come more or less close to breaking it.
    pub(crate) fn is_limit(&self) -> bool {
        !matches!(
            self.demand,
            Demand::Before { .. } | Demand::Finally { exact: true, .. }
        )
    }
}

impl Sum {
    /// What one print of `line` adds.
    pub(crate) fn weight(&self, line: usize) -> i64 {
        let terms = self.terms.iter();
        terms
            .filter(|(_, lines)| lines.contains(&line))
            .map(|(factor, _)| factor)
            .sum()
    }
}

impl Demand {
    /// All lines that it speaks of.
    pub(crate) fn lines(&self) -> Lines {
        match self {
            Self::Before { first, then } => [&first[..], then].concat(),
            Self::Always { left, right }
            | Self::Finally { left, right, .. } => left
                .terms
                .iter()
                .chain(&right.terms)
                .flat_map(|(_, lines)| lines.iter().copied())
                .collect(),
            Self::Elapsed { .. } => Lines::new(),
            Self::Spread { lines, .. } => lines.clone(),
        }
    }
}
