//! Whether a run can still meet the rules about its end. Without asking, a
//! walk would follow every run that has gone wrong up to its own end.

use crate::legal::machine::{Group, Machine};
use crate::model::Demand;

/// A rule about the end, and what can still come of its lines.
pub(super) struct Outlook {
    rule: usize,
    slot: usize,
    letters: Vec<Outstanding>,
}

struct Outstanding {
    instance: usize,
    place: i64,
    most: i64,
    weight: i64,
}

impl Machine<'_> {
    pub(super) fn outlooks(&self) -> Vec<Outlook> {
        let ends = self.ends.iter();
        let known = ends.filter(|e| e.always && !self.counts(e.rule));
        let outlooks = known.map(|end| {
            let letters = self.alphabet.letters.iter().zip(&self.moves);
            let letters = letters.flat_map(|(letter, step)| {
                let touches = step.touches.iter().filter(|touch| {
                    let Group::Slot(slot) = touch.group else {
                        return false;
                    };
                    slot == end.slot
                });
                touches.map(|touch| Outstanding {
                    instance: letter.instance,
                    place: self.place(letter.instance, letter.line),
                    most: step.most,
                    weight: touch.weight,
                })
            });
            Outlook {
                rule: end.rule,
                slot: end.slot,
                letters: letters.collect(),
            }
        });
        outlooks.collect()
    }

    /// Whether the counts of lines may still lead to a legal end.
    pub(super) fn has_hope(&self, state: &[i64]) -> bool {
        self.outlooks.iter().all(|it| {
            let rule = &self.contract.rules[it.rule];
            let (least, most) = it.range(state);
            match rule.demand {
                Demand::Finally { exact: true, .. } => {
                    (least..=most).contains(&rule.room())
                }
                _ => least <= rule.room(),
            }
        })
    }
}

impl Outlook {
    /// How close the two sums may be at the end, at least and at most.
    fn range(&self, state: &[i64]) -> (i64, i64) {
        let get = |slot: usize| state.get(slot).copied().unwrap_or(0);
        let now = get(self.slot) >> 1;
        self.letters.iter().fold((now, now), |(least, most), it| {
            let reached = get(2 * it.instance);
            let left = match it.place.cmp(&reached) {
                std::cmp::Ordering::Less => 0,
                std::cmp::Ordering::Equal => it.most - get(2 * it.instance + 1),
                std::cmp::Ordering::Greater => it.most,
            };
            let more = left.saturating_mul(it.weight);
            (
                least.saturating_add(more.min(0)),
                most.saturating_add(more.max(0)),
            )
        })
    }
}
