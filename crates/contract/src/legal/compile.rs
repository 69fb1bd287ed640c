//! What each letter does to the memory of a run.

use crate::kind::Kind;
use crate::legal::alphabet::{Letter, is_held, rules_about};
use crate::legal::machine::{Group, Machine, Move, Slot, Touch};
use crate::legal::{Count, Walked};
use crate::model::{Contract, Line, Per, Rule};

impl Machine<'_> {
    pub(super) fn compile(&mut self) -> Walked<Vec<Move>> {
        let mut numbers = Vec::new();
        let letters = 0..self.alphabet.letters.len();
        letters
            .map(|at| self.compile_one(at, &mut numbers))
            .collect()
    }

    /// `numbers` are the values that are held, each known by its place.
    fn compile_one(
        &mut self,
        at: usize,
        numbers: &mut Vec<String>,
    ) -> Walked<Move> {
        let contract = self.contract;
        let letter = &self.alphabet.letters[at];
        let line = &contract.lines[letter.line];
        let asked = asked(contract, letter)?;
        let weights: Vec<i64> = asked
            .iter()
            .map(|&(rule, _)| {
                let demand = &contract.rules[rule].demand;
                let (left, right) = demand.weights(letter.line);
                left - right
            })
            .collect();
        let (instance, values) = (letter.instance, letter.values.clone());
        let counts = rules_about(contract, line)
            .any(|(_, key)| counter(line, key).is_some());
        let counter = counts.then(|| {
            let text = line.first_alike;
            self.slot(Slot::Counter(text, instance, values.clone()))
        });
        let mut held = Vec::new();
        for (name, value) in values {
            if is_held(contract, line, &name) {
                let number = number(numbers, value);
                held.push((self.slot(Slot::Held(instance, name)), number));
            }
        }
        let touches =
            asked
                .into_iter()
                .zip(weights)
                .map(|((rule, value), weight)| Touch {
                    rule,
                    weight,
                    group: match value {
                        Value::Is(value) => {
                            Group::Slot(self.slot(Slot::Rule(rule, value)))
                        }
                        Value::CountsFrom(first) => Group::Counted(first),
                    },
                });
        Ok(Move {
            most: 0,
            touches: touches.collect(),
            held,
            counter,
        })
    }
}

/// The number of the value among all, counted from 1.
fn number(values: &mut Vec<String>, value: String) -> i64 {
    let known = values.iter().position(|other| *other == value);
    let at = known.unwrap_or_else(|| {
        values.push(value);
        values.len() - 1
    });
    i64::try_from(at + 1).unwrap_or(i64::MAX)
}

/// The first value of the line's counter called `name`.
fn counter(line: &Line, name: &str) -> Option<i64> {
    match line.template.hole(name)?.kind {
        Kind::Counter(first) => Some(first),
        _ => None,
    }
}

/// The value that a letter has for a rule.
enum Value {
    Is(String),
    CountsFrom(i64),
}

/// The rules that ask for the letter, and for which value.
fn asked(contract: &Contract, letter: &Letter) -> Walked<Vec<(usize, Value)>> {
    let rules = contract.rules.iter().enumerate();
    rules
        .filter(|(_, rule)| {
            rule.is_about_order() && rule.demand.lines().contains(&letter.line)
        })
        .map(|(index, rule)| Ok((index, value(contract, rule, letter)?)))
        .collect()
}

fn value(contract: &Contract, rule: &Rule, letter: &Letter) -> Walked<Value> {
    let line = &contract.lines[letter.line];
    let actor = &contract.actors[line.actor];
    let Some(Per { key, .. }) = &rule.per else {
        return Ok(Value::Is(String::new()));
    };
    if let Some((_, value)) = letter.values.iter().find(|(n, _)| n == key) {
        return Ok(Value::Is(value.clone()));
    }
    if let Some(first) = counter(line, key)
        && line.counts_closed(actor)
    {
        return Ok(Value::CountsFrom(first));
    }
    let concerned = rule.demand.lines();
    let own = concerned.iter().all(|line| actor.lines.contains(line));
    if own && actor.keys.len() == 1 && actor.has_key(key) {
        return Ok(Value::Is(letter.instance.to_string()));
    }
    let rule = &rule.source.text;
    let reason = format!("`{rule}` asks for each value of an open `{key}`");
    Err(Count::Uncounted(reason))
}
