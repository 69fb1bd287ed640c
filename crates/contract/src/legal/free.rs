//! Which lines may change places.

use std::collections::BTreeSet;
use std::fmt;

use crate::legal::graph::Graph;
use crate::model::{Contract, Demand};

/// A line of an actor, whichever instance prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The actor.
    pub actor: String,
    /// Its text, as it stands in the contract.
    pub text: String,
    /// Its line in the file, counted from 1.
    pub line: usize,
    pub(crate) index: usize,
}

/// A line that comes before one of another instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What comes first.
    pub first: Place,
    /// What comes later.
    pub then: Place,
}

/// Lines of the contract of which the first may come before the second.
pub(crate) type Pairs = BTreeSet<(usize, usize)>;

impl Contract {
    /// The orders that are legal either way round.
    pub(super) fn free(&self, legal: &Pairs) -> Vec<Order> {
        let free = legal.iter().filter(|&&(a, b)| legal.contains(&(b, a)));
        free.map(|&(first, then)| self.order(first, then)).collect()
    }

    fn order(&self, first: usize, then: usize) -> Order {
        let [first, then] = [first, then].map(|index| {
            let line = &self.lines[index];
            Place {
                actor: self.actors[line.actor].name.clone(),
                text: line.template.source.clone(),
                line: line.source.line,
                index,
            }
        });
        Order { first, then }
    }
}

/// What comes before what in some legal output, for different lines of
/// different instances.
pub(super) fn orders(graph: &Graph) -> Pairs {
    let letters = &graph.alphabet.letters;
    let printers: BTreeSet<(usize, usize)> =
        letters.iter().map(|it| (it.line, it.instance)).collect();
    let printers: Vec<(usize, usize)> = printers.into_iter().collect();
    let of_letter: Vec<usize> = letters
        .iter()
        .map(|it| printers.partition_point(|&p| p < (it.line, it.instance)))
        .collect();
    let words = printers.len().div_ceil(64);
    // For each state what can have been printed on the way to it, and for
    // each printer what before it.
    let mut printed = vec![0_u64; words * graph.edges.len()];
    let mut before = vec![0_u64; words * printers.len()];
    for &state in &graph.order {
        for edge in graph.live_edges(state) {
            let now = of_letter[edge.letter];
            for word in 0..words {
                let so_far = printed[state * words + word];
                printed[edge.to * words + word] |= so_far;
                before[now * words + word] |= so_far;
            }
            printed[edge.to * words + now / 64] |= 1 << (now % 64);
        }
    }
    let mut pairs = Pairs::new();
    for (then, &(b, later)) in printers.iter().enumerate() {
        for (first, &(a, earlier)) in printers.iter().enumerate() {
            let bits = before[then * words + first / 64];
            if bits >> (first % 64) & 1 == 1 && a != b && earlier != later {
                pairs.insert((a, b));
            }
        }
    }
    pairs
}

/// The pairs of lines that the `before` rules and the order of each actor's
/// own lines do not forbid.
pub(super) fn not_forbidden(contract: &Contract) -> Pairs {
    let lines = &contract.lines;
    let mut ordered = Pairs::new();
    for rule in &contract.rules {
        if let Demand::Before { first, then } = &rule.demand
            && rule.is_about_order()
            && rule.per.is_none()
        {
            let all = first.iter().flat_map(|a| then.iter().map(|b| (*a, *b)));
            ordered.extend(all);
        }
    }
    // What lies between two lines orders them if it must be printed.
    let own = |a: usize, b: usize| lines[a].actor == lines[b].actor && a < b;
    let must = |line: usize| lines[line].count.least > 0;
    loop {
        let mut more = Pairs::new();
        for &(a, b) in &ordered {
            for c in 0..lines.len() {
                if own(c, a) && must(a) {
                    more.insert((c, b));
                }
                if own(b, c) && must(b) {
                    more.insert((a, c));
                }
                if must(b) && ordered.contains(&(b, c)) {
                    more.insert((a, c));
                }
            }
        }
        let before = ordered.len();
        ordered.extend(more);
        if ordered.len() == before {
            break;
        }
    }
    let apart = |a: usize, b: usize| {
        a != b
            && (lines[a].actor != lines[b].actor
                || !contract.actors[lines[a].actor].keys.is_empty())
    };
    let all =
        (0..lines.len()).flat_map(|a| (0..lines.len()).map(move |b| (a, b)));
    all.filter(|&(a, b)| apart(a, b) && !ordered.contains(&(b, a)))
        .collect()
}

impl Order {
    /// The lines of the contract.
    pub(crate) fn lines(&self) -> (usize, usize) {
        (self.first.index, self.then.index)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}: {}`", self.actor, self.text)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} before {}", self.first, self.then)
    }
}
