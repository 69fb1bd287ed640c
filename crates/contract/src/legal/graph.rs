//! The states that a run can be in, and the lines that lead on.

use std::collections::HashMap;
use std::rc::Rc;

use crate::legal::alphabet::Alphabet;
use crate::legal::machine::{Machine, State};
use crate::legal::{Count, Walked};
use crate::model::Contract;

/// A space of more states is not walked.
const MOST_STATES: usize = 400_000;

pub(super) struct Graph {
    pub(super) alphabet: Alphabet,
    /// What may come in each state.
    pub(super) edges: Vec<Vec<Edge>>,
    /// The states in an order in which every run comes to them.
    pub(super) order: Vec<usize>,
    ends: Vec<bool>,
    /// Whether a legal run can be in the state.
    pub(super) live: Vec<bool>,
}

#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub(super) letter: usize,
    pub(super) to: usize,
}

impl Graph {
    pub(super) fn of(contract: &Contract) -> Walked<Self> {
        let mut machine = Machine::new(contract)?;
        let letters = machine.alphabet.letters.len();
        let start: State = Rc::from([]);
        let mut known = HashMap::from([(Rc::clone(&start), 0)]);
        let mut states = vec![start];
        let mut edges = Vec::new();
        while let Some(state) = states.get(edges.len()).cloned() {
            let mut out = Vec::new();
            for letter in 0..letters {
                let Some(next) = machine.step(&state, letter) else {
                    continue;
                };
                let to = *known.entry(next).or_insert_with_key(|next| {
                    states.push(Rc::clone(next));
                    states.len() - 1
                });
                out.push(Edge { letter, to });
            }
            edges.push(out);
            if states.len() > MOST_STATES {
                let reason = format!("it has more than {MOST_STATES} states");
                return Err(Count::Uncounted(reason));
            }
        }
        let ends: Vec<bool> =
            states.iter().map(|state| machine.is_end(state)).collect();
        let mut order: Vec<usize> = (0..states.len()).collect();
        order.sort_by_cached_key(|&state| machine.progress(&states[state]));
        let mut live = ends.clone();
        for &state in order.iter().rev() {
            live[state] |= edges[state].iter().any(|edge| live[edge.to]);
        }
        Ok(Self {
            alphabet: machine.alphabet,
            edges,
            order,
            ends,
            live,
        })
    }

    /// The lines that a legal run may print in the state.
    pub(super) fn live_edges(
        &self,
        state: usize,
    ) -> impl Iterator<Item = Edge> {
        let edges = self.edges[state].iter().copied();
        edges.filter(|edge| self.live[edge.to])
    }

    /// The number of ways from the first state to an end.
    pub(super) fn count(&self) -> Count {
        self.ways()
            .map_or(Count::MoreThan(u128::MAX), Count::Exactly)
    }

    fn ways(&self) -> Option<u128> {
        let mut ways = vec![0_u128; self.edges.len()];
        ways[0] = 1;
        let mut all = 0_u128;
        for &state in &self.order {
            if self.ends[state] {
                all = all.checked_add(ways[state])?;
            }
            for Edge { letter, to } in self.live_edges(state) {
                let shapes = self.alphabet.letters[letter].shapes;
                let more = ways[state].checked_mul(shapes)?;
                ways[to] = ways[to].checked_add(more)?;
            }
        }
        Some(all)
    }
}
