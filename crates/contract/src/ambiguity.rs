//! The static check that no line of output can match two templates.

use std::collections::{HashMap, VecDeque};

use crate::nfa::Nfa;

/// One state of each automaton, and whether the text so far ends in a blank.
type Pair = (usize, usize, bool);

/// A shortest text that both automata accept, if there is one: a breadth
/// first search of their product. A line never ends in a blank, so neither
/// does the text.
pub(crate) fn witness(a: &Nfa, b: &Nfa) -> Option<String> {
    let start: Pair = (0, 0, false);
    let mut came_from: HashMap<Pair, Option<(Pair, char)>> = HashMap::new();
    came_from.insert(start, None);
    let mut queue = VecDeque::from([start]);
    while let Some(pair) = queue.pop_front() {
        let (left, right, blank) = pair;
        if a.states[left].accepts && b.states[right].accepts && !blank {
            return Some(spell(pair, &came_from));
        }
        for &(class, to_left) in &a.states[left].moves {
            for &(other, to_right) in &b.states[right].moves {
                let Some(c) = class.common(other) else {
                    continue;
                };
                let next = (to_left, to_right, c.is_whitespace());
                came_from.entry(next).or_insert_with(|| {
                    queue.push_back(next);
                    Some((pair, c))
                });
            }
        }
    }
    None
}

/// The text that led to `pair`.
fn spell(
    mut pair: Pair,
    came_from: &HashMap<Pair, Option<(Pair, char)>>,
) -> String {
    let mut letters = Vec::new();
    while let Some(&(before, c)) = came_from[&pair].as_ref() {
        letters.push(c);
        pair = before;
    }
    letters.iter().rev().collect()
}
