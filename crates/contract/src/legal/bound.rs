//! How often a line may come at most, if its count does not tell but a rule
//! does.

use std::collections::BTreeMap;

use crate::legal::machine::{Group, Machine, Touch};
use crate::legal::{Count, Walked};
use crate::model::Demand;

/// A bound on some letters bounds others in turn; a chain of so many rules is
/// followed.
const MOST_ROUNDS: usize = 20;

/// What a letter adds, for each letter of a sum that may not exceed `room`.
struct Row {
    weights: Vec<(usize, i64)>,
    room: i64,
}

impl Machine<'_> {
    /// For each letter how often its line may come from one instance.
    pub(super) fn bounds(&self) -> Walked<Vec<i64>> {
        let lines = &self.contract.lines;
        let letters = &self.alphabet.letters;
        let told = letters.iter().map(|it| lines[it.line].count.most);
        let told = told.map(|most| most.map(i64::from));
        let mut most: Vec<Option<i64>> = told.clone().collect();
        let rows = self.rows();
        for _ in 0..MOST_ROUNDS {
            for row in &rows {
                row.narrow(&mut most);
            }
        }
        let mut sums = BTreeMap::new();
        for (letter, most) in letters.iter().zip(most) {
            let Some(most) = most else {
                return Err(self.unbounded(letter.line));
            };
            *sums.entry((letter.line, letter.instance)).or_insert(0_i64) +=
                most;
        }
        let sum = letters.iter().map(|it| sums[&(it.line, it.instance)]);
        let least = told.zip(sum).map(|(told, sum)| match told {
            Some(told) => told.min(sum),
            None => sum,
        });
        Ok(least.collect())
    }

    fn unbounded(&self, line: usize) -> Count {
        let source = self.contract.lines[line].source.clone();
        let rules = self.contract.rules.iter().enumerate();
        let mut counting = rules.filter(|(index, rule)| {
            rule.demand.lines().contains(&line) && self.counts(*index)
        });
        match counting.next() {
            Some((_, rule)) => Count::Uncounted(format!(
                "whether `{}` bounds `{}` is not known",
                rule.source.text, source.text
            )),
            None => Count::Unbounded(source),
        }
    }

    /// The rules that are true at the end, as sums of letters.
    fn rows(&self) -> Vec<Row> {
        let mut sums: BTreeMap<(usize, usize), Vec<_>> = BTreeMap::new();
        for (letter, step) in self.moves.iter().enumerate() {
            for Touch {
                rule,
                group,
                weight,
            } in &step.touches
            {
                if let Group::Slot(slot) = group {
                    let sum = sums.entry((*rule, *slot)).or_default();
                    sum.push((letter, *weight));
                }
            }
        }
        let mut rows = Vec::new();
        for ((rule, _), weights) in sums {
            if self.counts(rule) {
                continue;
            }
            let rule = &self.contract.rules[rule];
            if let Demand::Finally { exact: true, .. } = rule.demand {
                let weights = weights.iter().map(|(it, w)| (*it, -w));
                rows.push(Row {
                    weights: weights.collect(),
                    room: -rule.room(),
                });
            }
            if rule.demand.constants().is_some() {
                let room = rule.room();
                rows.push(Row { weights, room });
            }
        }
        rows
    }
}

impl Row {
    /// What the others leave for a letter.
    fn narrow(&self, most: &mut [Option<i64>]) {
        let less = self.weights.iter().filter(|(_, weight)| *weight < 0);
        let less = less.map(|&(it, weight)| Some((most[it]?, weight)));
        let less = less.collect::<Option<Vec<_>>>();
        let Some(less) = less else {
            return;
        };
        let less = less.iter().fold(0_i64, |sum, (most, weight)| {
            sum.saturating_add(most.saturating_mul(*weight))
        });
        for &(letter, weight) in &self.weights {
            if weight > 0 {
                let bound = (self.room.saturating_sub(less) / weight).max(0);
                let most = &mut most[letter];
                *most = Some(most.map_or(bound, |most| most.min(bound)));
            }
        }
    }
}
