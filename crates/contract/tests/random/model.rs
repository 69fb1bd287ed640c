//! A random contract as a model: its source text, and runs that obey it.

mod texts;

use std::fmt::Write;

use proptest::prelude::*;
use proptest::sample::Index;

/// A contract whose rules all agree with one ranking of its lines.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    actors: Vec<Actor>,
    before: Vec<(Index, Index, bool)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Actor {
    keys: Keys,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Keys {
    None,
    Range(usize),
    Words,
    Product,
    Pids(usize),
}

#[derive(Debug, Clone)]
struct Line {
    count: Count,
    hole: Hole,
    /// How much higher than the line above it is ranked.
    rise: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Count {
    Once,
    Times(usize),
    Between(usize, usize),
    Any,
    Some,
    Maybe,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Hole {
    None,
    Counter,
    Number,
    Pid,
    Perm,
    Word,
}

/// An actor and a line of it.
type Place = (usize, usize);

/// A line of a run, and what the contract says of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Print {
    pub(crate) actor: usize,
    pub(crate) instance: usize,
    pub(crate) line: usize,
    /// Which of the prints of its line by its instance it is.
    nth: usize,
    pub(crate) text: String,
    /// Whether the contract tells how often exactly its line comes.
    pub(crate) fixed: bool,
    pub(crate) once: bool,
    counted: bool,
}

pub(crate) fn programs() -> impl Strategy<Value = Program> {
    programs_of(3, 4)
}

/// With at most so many actors, and lines of each.
pub(crate) fn programs_of(
    most_actors: usize,
    most_lines: usize,
) -> impl Strategy<Value = Program> {
    let keys = prop_oneof![
        Just(Keys::None),
        (1..4usize).prop_map(Keys::Range),
        Just(Keys::Words),
        Just(Keys::Product),
        (1..4usize).prop_map(Keys::Pids),
    ];
    let count = prop_oneof![
        3 => Just(Count::Once),
        1 => (2..4usize).prop_map(Count::Times),
        1 => (0..3usize, 1..3usize)
            .prop_map(|(least, more)| Count::Between(least, least + more)),
        1 => Just(Count::Any),
        1 => Just(Count::Some),
        1 => Just(Count::Maybe),
    ];
    let hole = prop_oneof![
        Just(Hole::None),
        Just(Hole::Counter),
        Just(Hole::Number),
        Just(Hole::Pid),
        Just(Hole::Perm),
        Just(Hole::Word),
    ];
    let line = (count, hole, 0..3usize).prop_map(|(count, hole, rise)| Line {
        count,
        hole,
        rise,
    });
    let actor = (keys, prop::collection::vec(line, 1..=most_lines))
        .prop_map(|(keys, lines)| Actor { keys, lines });
    let before = any::<(Index, Index, bool)>();
    (
        prop::collection::vec(actor, 1..=most_actors),
        prop::collection::vec(before, 0..6),
    )
        .prop_map(|(actors, before)| Program { actors, before })
}

/// Picks from a stream of random numbers; zeros when it is used up.
pub(crate) struct Choices<'a>(std::slice::Iter<'a, u16>);

impl<'a> Choices<'a> {
    pub(crate) fn new(numbers: &'a [u16]) -> Self {
        Self(numbers.iter())
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % bound
    }
}

impl Print {
    /// Its actor and its line in the actor.
    pub(crate) fn place(&self) -> Place {
        (self.actor, self.line)
    }
}

impl Keys {
    fn count(self) -> usize {
        match self {
            Self::None => 1,
            Self::Range(n) | Self::Pids(n) => n,
            Self::Words => 2,
            Self::Product => 4,
        }
    }

    fn declared(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Range(n) => format!("(i=0..{})", n - 1),
            Self::Words => "(who=Tom Jerry)".into(),
            Self::Product => "(i=0..1, who=Tom Jerry)".into(),
            Self::Pids(n) => format!(" ×{n} (key:pid)"),
        }
    }

    fn hole(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Range(_) => "{i}",
            Self::Words => "{who}",
            Self::Product => "{who} {i}",
            Self::Pids(_) => "{key}",
        }
    }

    fn value(self, actor: usize, instance: usize) -> String {
        let who = ["Tom", "Jerry"][instance % 2];
        match self {
            Self::None => String::new(),
            Self::Range(_) => instance.to_string(),
            Self::Words => who.into(),
            Self::Product => format!("{who} {}", instance / 2),
            // A pid of one key name may be shared between actors.
            Self::Pids(_) => format!("{}", 100 + instance + actor % 2),
        }
    }
}

impl Count {
    fn declared(self) -> String {
        match self {
            Self::Once => String::new(),
            Self::Times(n) => format!("×{n} "),
            Self::Between(least, most) => format!("×{least}..{most} "),
            Self::Any => "* ".into(),
            Self::Some => "+ ".into(),
            Self::Maybe => "? ".into(),
        }
    }

    fn pick(self, choices: &mut Choices<'_>) -> usize {
        match self {
            Self::Once => 1,
            Self::Times(n) => n,
            Self::Between(least, most) => {
                least + choices.below(most - least + 1)
            }
            Self::Any => choices.below(4),
            Self::Some => 1 + choices.below(3),
            Self::Maybe => choices.below(2),
        }
    }
}

impl Program {
    /// The source of the contract, without limits.
    pub(crate) fn source(&self) -> String {
        let mut source = String::from("# a random contract\n");
        for (a, actor) in self.actors.iter().enumerate() {
            let keys = actor.keys.declared();
            writeln!(source, "\nactor{a}{keys}:").expect("a string");
            for (l, line) in actor.lines.iter().enumerate() {
                let count = line.count.declared();
                let key = actor.keys.hole();
                let hole = match line.hole {
                    Hole::None => String::new(),
                    Hole::Counter => " {c=0..}".into(),
                    Hole::Number => " {n:int}".into(),
                    Hole::Pid => format!(" {{p{a}:pid}}"),
                    Hole::Perm => " {_:perm(a b c)}".into(),
                    Hole::Word => " {v=x y}".into(),
                };
                writeln!(source, "  l{a}_{l} {count}| 行{a}.{l} {key}{hole}")
                    .expect("a string");
            }
        }
        source.push('\n');
        for ((a, l), (b, m), per) in self.rules() {
            let per = if per { "per i: " } else { "" };
            writeln!(source, "{per}l{a}_{l} before l{b}_{m} # an edge")
                .expect("a string");
        }
        source
    }

    /// Every line of every actor, with its rank.
    fn ranked(&self) -> Vec<(Place, usize)> {
        let mut all = Vec::new();
        for (a, actor) in self.actors.iter().enumerate() {
            let mut rank = 0;
            for (l, line) in actor.lines.iter().enumerate() {
                rank += line.rise;
                all.push(((a, l), rank));
            }
        }
        all
    }

    /// Which line comes before which, from a lower rank to a higher.
    fn rules(&self) -> Vec<(Place, Place, bool)> {
        let ranked = self.ranked();
        let keyed =
            |actor: usize| matches!(self.actors[actor].keys, Keys::Range(_));
        self.before
            .iter()
            .filter_map(|(first, then, per)| {
                let (first, low) = *first.get(&ranked);
                let (then, high) = *then.get(&ranked);
                let per = *per && keyed(first.0) && keyed(then.0);
                (low < high).then_some((first, then, per))
            })
            .collect()
    }

    /// Whether a rule or the program order lets `a` come before `b`.
    pub(crate) fn orders(&self, a: &Print, b: &Print) -> bool {
        let own = a.actor == b.actor && a.instance == b.instance;
        if own && a.line == b.line {
            return a.counted && a.nth < b.nth;
        }
        own && a.line < b.line
            || self.rules().into_iter().any(|(first, then, per)| {
                first == (a.actor, a.line)
                    && then == (b.actor, b.line)
                    && (!per || a.instance == b.instance)
            })
    }

    /// A run that the contract allows.
    pub(crate) fn run(&self, choices: &mut Choices<'_>) -> Vec<Print> {
        let mut queues: Vec<Vec<Print>> = Vec::new();
        for (a, actor) in self.actors.iter().enumerate() {
            for instance in 0..actor.keys.count() {
                let mut queue = self.prints(a, instance, choices);
                queue.reverse();
                queues.push(queue);
            }
        }
        let mut run = Vec::new();
        loop {
            let ready: Vec<usize> = (0..queues.len())
                .filter(|&q| {
                    queues[q].last().is_some_and(|next| {
                        let mut waiting = queues.iter().flatten();
                        !waiting.any(|other| {
                            next != other && self.orders(other, next)
                        })
                    })
                })
                .collect();
            if ready.is_empty() {
                assert!(queues.iter().all(Vec::is_empty), "no deadlock");
                return run;
            }
            let chosen = ready[choices.below(ready.len())];
            run.extend(queues[chosen].pop());
        }
    }

    /// What one instance prints.
    fn prints(
        &self,
        a: usize,
        instance: usize,
        choices: &mut Choices<'_>,
    ) -> Vec<Print> {
        let actor = &self.actors[a];
        let key = actor.keys.value(a, instance);
        let number = choices.below(10);
        let mut prints = Vec::new();
        for (l, line) in actor.lines.iter().enumerate() {
            for n in 0..line.count.pick(choices) {
                let hole = match line.hole {
                    Hole::None => String::new(),
                    Hole::Counter => format!(" {n}"),
                    Hole::Number => format!(" {number}"),
                    Hole::Pid => format!(" {}", 1000 + 10 * a + instance),
                    Hole::Perm => {
                        let all = ["a, b, c", "b, a, c", "c, a, b"];
                        format!(" {}", all[choices.below(3)])
                    }
                    Hole::Word => format!(" {}", ["x", "y"][number % 2]),
                };
                prints.push(Print {
                    actor: a,
                    instance,
                    line: l,
                    nth: n,
                    text: format!("行{a}.{l} {key}{hole}"),
                    fixed: matches!(line.count, Count::Once | Count::Times(_)),
                    once: matches!(line.count, Count::Once | Count::Maybe),
                    counted: line.hole == Hole::Counter,
                });
            }
        }
        prints
    }
}
