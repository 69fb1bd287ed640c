//! What a judgement says.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::legal::Pairs;
use crate::model::Source;
use crate::shape::Shape;

/// The part of a time limit within which a time counts as at the limit.
const NEAR: f64 = 0.01;

/// Whether a run keeps its contract.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The run is one of the legal ones.
    Kept(Report),
    /// It is not, for this reason.
    Broken(Box<Violation>),
}

impl Verdict {
    /// Whether the run is one of the legal ones.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_))
    }
}

/// What a legal run was like.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The `usually` rules: what held most likely held.
    pub usually: Vec<Usual>,
    /// The rules with a bound: how close the run came to it.
    pub limits: Vec<Limit>,
    /// What the run has in common with all that are the same but for what
    /// the contract leaves to the program.
    pub shape: Shape,
    pub(crate) orders: Pairs,
    /// The time rules, if nobody watched the run.
    pub passed_over: Vec<Source>,
}

/// A `usually` rule in one run.
#[derive(Debug, Clone)]
pub struct Usual {
    /// The rule.
    pub rule: Source,
    /// Whether it held.
    pub held: bool,
}

/// A rule with a bound, in one run.
#[derive(Debug, Clone)]
pub struct Limit {
    /// The rule.
    pub rule: Source,
    /// The closest that the run came to its bound; None if no line of it
    /// could have broken the rule.
    pub closest: Option<Closest>,
}

impl Limit {
    /// How far from its bound the run stayed, in the unit of the rule (a
    /// count of lines, or seconds); None if it was never put to the test.
    #[must_use]
    pub fn distance(&self) -> Option<f64> {
        self.closest.map(|closest| closest.distance())
    }

    /// Whether the run was as close to the bound as can be: one line more,
    /// or any time less, would have broken the rule.
    #[must_use]
    pub fn is_at_bound(&self) -> bool {
        self.closest.is_some_and(|closest| closest.is_at_bound())
    }
}

/// How close a run came to a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Closest {
    /// The two sums, where they were closest. Only rows that bring them
    /// closer count: before the first line many bounds are met for nothing.
    Sums {
        /// The sum on the left.
        left: i64,
        /// The sum on the right.
        right: i64,
        /// The row after which they were so; None: at the end.
        row: Option<usize>,
    },
    /// A time.
    Time {
        /// The time that was measured.
        measured: Duration,
        /// The bound in seconds, at the pace of the run.
        bound: f64,
    },
}

impl Closest {
    /// How far from the bound, in the unit of the rule.
    #[must_use]
    pub fn distance(&self) -> f64 {
        match self {
            Self::Sums { left, right, .. } => {
                i32::try_from(right - left).map_or(f64::MAX, f64::from)
            }
            Self::Time { measured, bound } => {
                (measured.as_secs_f64() - bound).abs()
            }
        }
    }

    /// Whether the bound was reached: exactly, or for a time, which nobody
    /// can measure exactly, to a hundredth of it.
    #[must_use]
    pub fn is_at_bound(&self) -> bool {
        match self {
            Self::Sums { left, right, .. } => left == right,
            Self::Time { bound, .. } => self.distance() <= NEAR * bound,
        }
    }
}

/// What kind of promise a run breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line that matches no template.
    Unknown,
    /// A hole with a value that it cannot have.
    Value,
    /// The lines of one actor in another order than written, or too often.
    Order,
    /// A rule.
    Rule,
    /// Lines that never came.
    Missing,
    /// The way the program ended.
    Ending,
    /// What it printed on stderr.
    Stderr,
}

/// Why a run is not a legal one. Its `Display` draws the run, one column for
/// each actor, and quotes the part of the contract that is broken.
#[derive(Debug, Clone)]
pub struct Violation {
    pub(crate) promise: String,
    pub(crate) kind: Kind,
    pub(crate) row: Option<usize>,
    pub(crate) headline: String,
    pub(crate) picture: String,
    pub(crate) notes: Vec<String>,
    pub(crate) broken: Option<Source>,
    pub(crate) path: Arc<str>,
}

impl Violation {
    /// What kind of promise is broken.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The first offending line of output, counted from 1; None if it is
    /// something that did not come, or the end of the run.
    #[must_use]
    pub fn row(&self) -> Option<usize> {
        self.row
    }

    /// A name for the broken promise that does not depend on the run: the
    /// text of the rule, or `order of main`, `missing: wait`, `value: wait`
    /// (the line's label, or its text if it has none), `unknown line`,
    /// `exit`, `stderr`.
    #[must_use]
    pub fn promise(&self) -> &str {
        &self.promise
    }

    /// The broken part of the contract: a rule, or the line of an actor.
    #[must_use]
    pub fn broken(&self) -> Option<&Source> {
        self.broken.as_ref()
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "violation: {}", self.headline)?;
        if !self.picture.is_empty() {
            write!(f, "\n{}", self.picture)?;
        }
        if !self.notes.is_empty() {
            writeln!(f)?;
        }
        for note in &self.notes {
            writeln!(f, "{}", format!(" {note}").trim_end())?;
        }
        let Some(Source { text, why, line }) = &self.broken else {
            return Ok(());
        };
        let word = match self.kind {
            Kind::Rule => "rule",
            _ => "line",
        };
        writeln!(f, "\n {word}  {text}")?;
        if let Some(why) = why {
            writeln!(f, " why   {why}")?;
        }
        writeln!(f, " at    {}:{line}", self.path)
    }
}

impl std::error::Error for Violation {}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Usual { rule, held } in &self.usually {
            let told = if *held { "held" } else { "did not hold" };
            writeln!(f, "{}: {told}", rule.text)?;
        }
        for Limit { rule, closest } in &self.limits {
            match closest {
                Some(closest) => writeln!(f, "{}: {closest}", rule.text)?,
                None => writeln!(f, "{}: never put to the test", rule.text)?,
            }
        }
        for rule in &self.passed_over {
            writeln!(f, "{}: passed over, no times are known", rule.text)?;
        }
        Ok(())
    }
}

impl fmt::Display for Closest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sums {
                left,
                right,
                row: Some(row),
            } => {
                write!(f, "closest after row {row}, {left} and {right}")
            }
            Self::Sums {
                left,
                right,
                row: None,
            } => {
                write!(f, "at the end {left} and {right}")
            }
            Self::Time { measured, bound } => {
                let measured = measured.as_secs_f64();
                write!(f, "closest {measured:.3} s, the bound {bound:.3} s")
            }
        }
    }
}
