//! How an explored run is to go.

use std::fmt;
use std::str::FromStr;

/// Everything that decides how a run goes: the same schedule gives the same
/// run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The seed of every choice, and of the random numbers that the program
    /// gets from the kernel.
    pub seed: u64,
    /// Who is chosen.
    pub strategy: Strategy,
    /// Whether a sleeper may wake while others could still do something.
    pub chaos: bool,
}

/// How the next task is chosen among those that can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Any, each at a speed of its own.
    Random,
    /// Mostly the one that has run last, until it yields or writes.
    Sticky,
    /// The one of the highest priority, which changes at a few moments
    /// (probabilistic concurrency testing).
    Priorities,
}

impl Schedule {
    /// The schedule of this number in a mix of all strategies, half of them
    /// with chaos. [`Strategy::Sticky`], which mostly finds the most, is twice
    /// in it.
    #[must_use]
    pub fn mixed(seed: u64) -> Self {
        let strategy = match seed / 2 % 4 {
            0 => Strategy::Random,
            1 => Strategy::Priorities,
            _ => Strategy::Sticky,
        };
        Self {
            seed,
            strategy,
            chaos: seed % 2 == 1,
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Random => "random",
            Self::Sticky => "sticky",
            Self::Priorities => "priorities",
        })
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let all = [Self::Random, Self::Sticky, Self::Priorities];
        let found = all.into_iter().find(|it| it.to_string() == name);
        found.ok_or_else(|| {
            format!("no strategy {name}: random, sticky or priorities")
        })
    }
}
