//! The space of all legal outputs: how many there are, and which lines may
//! change places.
//!
//! What the judge remembers of a run is how far each instance has come and
//! what the rules have counted. Runs that leave it with the same memory can
//! go on in the same ways. So a walk over all such memories, the *states*,
//! sees every legal output without listing them.

mod alphabet;
mod bound;
mod compile;
mod free;

mod graph;
mod machine;
mod outlook;
mod variants;

use std::fmt;

use crate::model::{Contract, Demand, Rule, Source};
use graph::Graph;

pub(crate) use free::Pairs;
pub use free::{Order, Place};

/// All legal outputs of a program, as its contract tells them.
#[derive(Debug, Clone)]
pub struct Legal {
    /// How many there are: outputs of different [`Shape`](crate::Shape)s.
    /// What a run takes, how it ends and what is `usually` so is not asked.
    pub outputs: Count,
    /// The orders of two lines of different instances that are legal either
    /// way round. Each stands here with its opposite: in one legal output
    /// some print of the first comes before some print of the second, in
    /// another some print of the second before some print of the first. If
    /// one of them is impossible, the opposite of it could be a rule, `B
    /// before A`.
    pub free: Vec<Order>,
    /// Whether all rules were asked for the free orders. Where the outputs
    /// cannot be counted, only the program order and the `before` rules are,
    /// and other rules may forbid some of these orders.
    pub exact: bool,
}

/// How many different outputs a contract allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(u128),
    /// So many that the number is larger than this one.
    MoreThan(u128),
    /// As many as one likes: no rule by itself bounds how often this line
    /// comes. (Whether any output is legal is not asked then.)
    Unbounded(Source),
    /// It was not found out, for this reason.
    Uncounted(String),
}

/// What stands in the way of a walk is the answer itself.
type Walked<T> = Result<T, Count>;

impl Contract {
    /// What the contract allows. This walks through the space of all legal
    /// outputs, and takes seconds where that is large.
    #[must_use]
    pub fn legal(&self) -> Legal {
        match Graph::of(self) {
            Ok(graph) => Legal {
                outputs: graph.count(),
                free: self.free(&free::orders(&graph)),
                exact: true,
            },
            Err(outputs) => Legal {
                outputs,
                free: self.free(&free::not_forbidden(self)),
                exact: false,
            },
        }
    }
}

impl Rule {
    /// Whether the order of lines can break it.
    fn is_about_order(&self) -> bool {
        let timed = matches!(
            self.demand,
            Demand::Elapsed { .. } | Demand::Spread { .. }
        );
        !self.usually && !timed
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(count) => write!(f, "{count}"),
            Self::MoreThan(count) => write!(f, "more than {count}"),
            Self::Unbounded(line) => {
                write!(f, "without end, for nothing bounds `{}`", line.text)
            }
            Self::Uncounted(reason) => write!(f, "not counted: {reason}"),
        }
    }
}
