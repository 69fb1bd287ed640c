//! What a random contract has in it, for who wants to list all of its runs.

use super::{Actor, Count, Hole, Keys, Line, Place, Print, Program};

impl Program {
    /// Its lines, each with whether its count has no end, and with the names
    /// of its holes that a rule may ask for.
    pub(crate) fn lines(&self) -> Vec<(Place, bool, Vec<&'static str>)> {
        let places = self.ranked().into_iter();
        let lines = places.map(|((a, l), _)| {
            let actor = &self.actors[a];
            let Line { count, hole, .. } = actor.lines[l];
            let endless = matches!(count, Count::Any | Count::Some);
            let key = match actor.keys {
                Keys::None => None,
                Keys::Range(_) => Some("i"),
                Keys::Words | Keys::Product => Some("who"),
                Keys::Pids(_) => Some("key"),
            };
            let hole = match hole {
                Hole::Counter => Some("c"),
                Hole::Word => Some("v"),
                _ => None,
            };
            ((a, l), endless, key.into_iter().chain(hole).collect())
        });
        lines.collect()
    }

    /// Every text that a run may have at some place, but for those that
    /// differ in an open value only; counters go up to `most`.
    pub(crate) fn texts(&self, most: usize) -> Vec<Print> {
        let mut texts = Vec::new();
        for ((actor, line), ..) in self.lines() {
            let Actor { keys, lines } = &self.actors[actor];
            for instance in 0..keys.count() {
                let key = keys.value(actor, instance);
                let shown = |hole: String| Print {
                    actor,
                    instance,
                    line,
                    nth: 0,
                    text: format!("行{actor}.{line} {key}{hole}"),
                    fixed: false,
                    once: false,
                    counted: false,
                };
                let pid = 1000 + 10 * actor + instance;
                texts.extend(match lines[line].hole {
                    Hole::None => vec![shown(String::new())],
                    Hole::Number => vec![shown(" 5".into())],
                    Hole::Pid => vec![shown(format!(" {pid}"))],
                    Hole::Word => [" x", " y"].map(|v| shown(v.into())).into(),
                    Hole::Perm => [
                        " a, b, c", " a, c, b", " b, a, c", " b, c, a",
                        " c, a, b", " c, b, a",
                    ]
                    .map(|order| shown(order.into()))
                    .into(),
                    Hole::Counter => {
                        (0..most).map(|n| shown(format!(" {n}"))).collect()
                    }
                });
            }
        }
        texts
    }
}
