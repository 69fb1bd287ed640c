//! The letters of which legal outputs are made: the different lines that can
//! be printed.

use std::collections::BTreeMap;

use crate::kind::Kind;
use crate::legal::variants::{is_closed, variants};
use crate::legal::{Count, Walked};
use crate::model::{Contract, Line, Rule};

/// A thread or process. An open one is known by its number.
pub(super) struct Instance {
    pub(super) actor: usize,
    keys: Vec<(String, String)>,
    /// The one that must have appeared before it.
    pub(super) after: Option<usize>,
}

/// A line that an instance can print.
pub(super) struct Letter {
    pub(super) line: usize,
    pub(super) instance: usize,
    /// The closed values in which it differs from others.
    pub(super) values: Vec<(String, String)>,
    /// How many different lines of output it stands for.
    pub(super) shapes: u128,
}

pub(super) struct Alphabet {
    pub(super) instances: Vec<Instance>,
    pub(super) letters: Vec<Letter>,
}

impl Alphabet {
    pub(super) fn of(contract: &Contract) -> Walked<Self> {
        let instances = instances(contract)?;
        let mut letters = Vec::new();
        for (index, line) in contract.lines.iter().enumerate() {
            let matters = |name: &str| matters(contract, line, name);
            let variants = variants(contract, line, matters)?;
            for (at, instance) in instances.iter().enumerate() {
                if instance.actor != line.actor {
                    continue;
                }
                let mut merged = BTreeMap::new();
                for (values, shapes) in &variants {
                    if agree(&instance.keys, values) {
                        let all = merged.entry(values).or_insert(0_u128);
                        *all = all.saturating_add(*shapes);
                    }
                }
                letters.extend(merged.into_iter().map(|(values, shapes)| {
                    Letter {
                        line: index,
                        instance: at,
                        values: values.clone(),
                        shapes,
                    }
                }));
            }
        }
        Ok(Self { instances, letters })
    }
}

fn instances(contract: &Contract) -> Walked<Vec<Instance>> {
    let mut instances = Vec::new();
    for (index, actor) in contract.actors.iter().enumerate() {
        if actor.is_open() {
            let distinct =
                actor.distinct.ok_or_else(|| endless(contract, index))?;
            for number in 0..distinct {
                let before = instances.len().checked_sub(1);
                instances.push(Instance {
                    actor: index,
                    keys: Vec::new(),
                    after: before.filter(|_| number > 0),
                });
            }
            continue;
        }
        let names = actor.keys.iter().map(|key| key.name.clone());
        for keys in actor.combinations() {
            instances.push(Instance {
                actor: index,
                keys: names.clone().zip(keys).collect(),
                after: None,
            });
        }
    }
    Ok(instances)
}

/// Nobody knows how many instances this actor has.
fn endless(contract: &Contract, actor: usize) -> Count {
    let lines = contract.actors[actor].lines.clone();
    let first = contract.lines[lines.start].source.clone();
    let counted = contract.rules.iter().any(|rule| {
        let concerned = rule.demand.lines();
        let sums = rule.is_about_order() && rule.demand.constants().is_some();
        sums && concerned.iter().any(|line| lines.contains(line))
    });
    if counted {
        let name = &contract.actors[actor].name;
        let reason = format!("no `×` tells how many instances {name} has");
        return Count::Uncounted(reason);
    }
    Count::Unbounded(first)
}

/// Whether no name has two values.
fn agree(keys: &[(String, String)], values: &[(String, String)]) -> bool {
    let value = |name: &String| values.iter().find(|(other, _)| other == name);
    keys.iter()
        .all(|(name, key)| value(name).is_none_or(|(_, value)| value == key))
}

/// Whether other lines or rules depend on the value of the hole.
fn matters(contract: &Contract, line: &Line, name: &str) -> bool {
    contract.actors[line.actor].has_key(name)
        || rules_about(contract, line).any(|(_, key)| {
            let hole = line.template.hole(key);
            key == name
                || hole
                    .is_some_and(|hole| matches!(hole.kind, Kind::Counter(_)))
        })
        || is_held(contract, line, name)
}

/// The rules with a key that speak of the line, or of another place of its
/// text, and their keys.
pub(super) fn rules_about<'c>(
    contract: &'c Contract,
    line: &Line,
) -> impl Iterator<Item = (&'c Rule, &'c str)> {
    let text = line.first_alike;
    contract.rules.iter().filter_map(move |rule| {
        let concerned = rule.demand.lines();
        let alike = |&line: &usize| contract.lines[line].first_alike == text;
        let speaks = rule.is_about_order() && concerned.iter().any(alike);
        let per = rule.per.as_ref().filter(|_| speaks)?;
        Some((rule, per.key.as_str()))
    })
}

/// Whether the hole has its value in common with that of another line.
pub(super) fn is_held(contract: &Contract, line: &Line, name: &str) -> bool {
    let own = contract.actors[line.actor].lines.clone();
    let holders = contract.lines[own].iter().filter(|other| {
        let hole = other.template.hole(name);
        other.is_single() && hole.is_some_and(|hole| is_closed(&hole.kind))
    });
    line.is_single() && holders.count() > 1
}
