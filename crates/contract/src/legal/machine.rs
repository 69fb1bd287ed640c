//! What the judge remembers of a run, and how a line changes it.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use crate::legal::Walked;
use crate::legal::alphabet::{Alphabet, Letter};
use crate::legal::outlook::Outlook;
use crate::model::{Contract, Demand, Rule};

/// The memory of a run, zeros at its end left out. Of each instance first
/// its place and how often it has printed the line there, then the slots.
pub(super) type State = Rc<[i64]>;

/// What is remembered besides the places of the instances.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    /// Of a rule, for a value of its key.
    Rule(usize, String),
    /// How often a text with these values has come from an instance.
    Counter(usize, usize, Vec<(String, String)>),
    /// The value of a hole in the single lines of an instance.
    Held(usize, String),
}

pub(super) struct Machine<'c> {
    pub(super) contract: &'c Contract,
    pub(super) alphabet: Alphabet,
    pub(super) moves: Vec<Move>,
    slots: HashMap<Slot, usize>,
    pub(super) ends: Vec<End>,
    pub(super) outlooks: Vec<Outlook>,
}

/// What a letter does.
pub(super) struct Move {
    /// How often its line may come.
    pub(super) most: i64,
    /// The slots that keep a value, and the value's number.
    pub(super) held: Vec<(usize, i64)>,
    pub(super) counter: Option<usize>,
    pub(super) touches: Vec<Touch>,
}

/// What a letter does to a rule.
pub(super) struct Touch {
    pub(super) rule: usize,
    pub(super) group: Group,
    /// What it adds to the difference of the two sums.
    pub(super) weight: i64,
}

pub(super) enum Group {
    Slot(usize),
    /// The value is that of the letter's counter, which begins here.
    Counted(i64),
}

/// A rule that is asked at the end, for a value of its key.
pub(super) struct End {
    pub(super) rule: usize,
    pub(super) slot: usize,
    /// Whether it is asked even if no line has shown the value.
    pub(super) always: bool,
}

impl<'c> Machine<'c> {
    pub(super) fn new(contract: &'c Contract) -> Walked<Self> {
        let mut machine = Self {
            contract,
            alphabet: Alphabet::of(contract)?,
            moves: Vec::new(),
            slots: HashMap::new(),
            ends: Vec::new(),
            outlooks: Vec::new(),
        };
        machine.enter_known_values();
        machine.moves = machine.compile()?;
        let bounds = machine.bounds()?;
        for (step, most) in machine.moves.iter_mut().zip(bounds) {
            step.most = most;
        }
        machine.outlooks = machine.outlooks();
        Ok(machine)
    }

    fn enter_known_values(&mut self) {
        for (index, rule) in self.contract.rules.iter().enumerate() {
            if rule.is_about_order() {
                let known = match &rule.per {
                    Some(per) => per.values.clone(),
                    None => vec![String::new()],
                };
                for value in known {
                    self.slot(Slot::Rule(index, value));
                }
            }
        }
        for end in &mut self.ends {
            end.always = true;
        }
    }

    /// Whether counters tell for which value the rule is asked, so that it is
    /// only known when a line comes.
    pub(super) fn counts(&self, rule: usize) -> bool {
        let mut touches = self.moves.iter().flat_map(|it| &it.touches);
        touches.any(|touch| {
            touch.rule == rule && matches!(touch.group, Group::Counted(_))
        })
    }

    /// Where in the state the slot is.
    pub(super) fn slot(&mut self, slot: Slot) -> usize {
        if let Some(&known) = self.slots.get(&slot) {
            return known;
        }
        let next = 2 * self.alphabet.instances.len() + self.slots.len();
        if let Slot::Rule(rule, _) = slot
            && let Demand::Finally { .. } = self.contract.rules[rule].demand
        {
            self.ends.push(End {
                rule,
                slot: next,
                always: false,
            });
        }
        self.slots.insert(slot, next);
        next
    }

    /// The state after the letter; None if it may not come now.
    pub(super) fn step(
        &mut self,
        state: &[i64],
        letter: usize,
    ) -> Option<State> {
        let (place, count) = self.advance(state, letter)?;
        let mut next = state.to_vec();
        let instance = self.alphabet.letters[letter].instance;
        *at(&mut next, 2 * instance) = place;
        *at(&mut next, 2 * instance + 1) = count;
        let step = &self.moves[letter];
        for &(slot, value) in &step.held {
            let held = at(&mut next, slot);
            if *held != 0 && *held != value {
                return None;
            }
            *held = value;
        }
        let counted = step.counter.map_or(0, |slot| {
            let count = at(&mut next, slot);
            *count += 1;
            *count - 1
        });
        for index in 0..step.touches.len() {
            let touch = &self.moves[letter].touches[index];
            let (rule, weight) = (touch.rule, touch.weight);
            let slot = match touch.group {
                Group::Slot(slot) => slot,
                Group::Counted(first) => {
                    let value = (first + counted).to_string();
                    self.slot(Slot::Rule(rule, value))
                }
            };
            let line = self.alphabet.letters[letter].line;
            let rule = &self.contract.rules[rule];
            rule.follow(line, weight, at(&mut next, slot))?;
        }
        let used = next.iter().rposition(|&it| it != 0).map_or(0, |at| at + 1);
        next.truncate(used);
        self.has_hope(&next).then(|| next.into())
    }

    /// How far all instances have come. Every line makes it more.
    pub(super) fn progress(&self, state: &[i64]) -> i64 {
        let most = self.moves.iter().map(|it| it.most).max().unwrap_or(0);
        let instances = 0..self.alphabet.instances.len();
        let each = instances.map(|instance| {
            let (place, count) =
                (get(state, 2 * instance), get(state, 2 * instance + 1));
            place.saturating_mul(most + 1).saturating_add(count)
        });
        each.fold(0, i64::saturating_add)
    }

    /// Where the instance of the letter comes to, and how often it has printed
    /// the line there, if the line may come now.
    fn advance(&self, state: &[i64], letter: usize) -> Option<(i64, i64)> {
        let Letter { line, instance, .. } = self.alphabet.letters[letter];
        let place = self.place(instance, line);
        let reached = get(state, 2 * instance);
        let count = match place.cmp(&reached) {
            Ordering::Less => return None,
            Ordering::Equal => get(state, 2 * instance + 1) + 1,
            Ordering::Greater => 1,
        };
        let after = self.alphabet.instances[instance].after;
        let may_begin = after.is_none_or(|before| get(state, 2 * before) > 0);
        let may_come = may_begin
            && count <= self.moves[letter].most
            && self.may_leave(state, instance, line);
        may_come.then_some((place, count))
    }

    /// The number of a line of the instance, counted from 1.
    pub(super) fn place(&self, instance: usize, line: usize) -> i64 {
        let actor = self.alphabet.instances[instance].actor;
        let before = self.contract.actors[actor].lines.start;
        i64::try_from(line - before + 1).unwrap_or(i64::MAX)
    }

    /// Whether the instance lacks none of its lines before `until`.
    fn may_leave(&self, state: &[i64], instance: usize, until: usize) -> bool {
        let actor = self.alphabet.instances[instance].actor;
        let first = self.contract.actors[actor].lines.start;
        let reached = get(state, 2 * instance);
        let count = get(state, 2 * instance + 1);
        (first..until).all(|line| {
            let least = i64::from(self.contract.lines[line].count.least);
            let place = self.place(instance, line);
            place < reached || least == 0 || place == reached && count >= least
        })
    }

    /// Whether the run may end here.
    pub(super) fn is_end(&self, state: &[i64]) -> bool {
        let mut instances = self.alphabet.instances.iter().enumerate();
        instances.all(|(index, instance)| {
            let end = self.contract.actors[instance.actor].lines.end;
            self.may_leave(state, index, end)
        }) && self.ends.iter().all(|end| {
            let memory = get(state, end.slot);
            let rule = &self.contract.rules[end.rule];
            memory == 0 && !end.always || rule.may_end(memory)
        })
    }
}

fn get(state: &[i64], slot: usize) -> i64 {
    state.get(slot).copied().unwrap_or(0)
}

fn at(state: &mut Vec<i64>, slot: usize) -> &mut i64 {
    if state.len() <= slot {
        state.resize(slot + 1, 0);
    }
    &mut state[slot]
}

impl Rule {
    /// What the rule remembers after a line of it; None if it is broken.
    ///
    /// `before` remembers that a line has come that comes second; `always`
    /// how much the sums have come closer; `finally` twice that, and one more
    /// to tell that a line has come at all.
    fn follow(&self, line: usize, weight: i64, memory: &mut i64) -> Option<()> {
        let kept = match &self.demand {
            Demand::Before { first, then } => {
                *memory |= i64::from(then.contains(&line));
                *memory == 0 || !first.contains(&line)
            }
            Demand::Always { .. } => {
                *memory += weight;
                weight <= 0 || *memory <= self.room()
            }
            Demand::Finally { .. } => {
                *memory = ((*memory >> 1) + weight) << 1 | 1;
                true
            }
            Demand::Elapsed { .. } | Demand::Spread { .. } => true,
        };
        kept.then_some(())
    }

    fn may_end(&self, memory: i64) -> bool {
        let closer = memory >> 1;
        match self.demand {
            Demand::Finally { exact: true, .. } => closer == self.room(),
            _ => closer <= self.room(),
        }
    }

    /// How far apart the two sums are before the first line.
    pub(super) fn room(&self) -> i64 {
        let (left, right) = self.demand.constants().unwrap_or_default();
        right - left
    }
}
