//! Who has printed what: the instances of the actors, each in its place
//! between its first line and its last.

use std::collections::HashMap;

use crate::judge::Event;
use crate::judge::breach::{Breach, Mark};
use crate::model::{Actor, Contract, Line};
use crate::template::Capture;
use crate::verdict;

/// A thread or process.
pub(super) struct Instance {
    pub(super) actor: usize,
    /// The values of the actor's keys.
    pub(super) keys: Vec<String>,
    /// How often each line of the actor has been printed.
    counts: Vec<u32>,
    /// The furthest line printed so far, by its place in the actor.
    reached: usize,
    /// The values of the holes of its single lines, and the row of each.
    pub(super) held: HashMap<String, (String, usize)>,
}

/// All instances, in the order of the contract; those of open keys in the
/// order in which they appear.
pub(super) struct Cast<'c> {
    contract: &'c Contract,
    pub(super) instances: Vec<Instance>,
    known: HashMap<(usize, Vec<String>), usize>,
}

impl<'c> Cast<'c> {
    pub(super) fn new(contract: &'c Contract) -> Self {
        let mut cast = Self {
            contract,
            instances: Vec::new(),
            known: HashMap::new(),
        };
        for (index, actor) in contract.actors.iter().enumerate() {
            if !actor.is_open() {
                for keys in actor.combinations() {
                    cast.enter(index, keys);
                }
            }
        }
        cast
    }

    /// The instance that printed a line of the contract with these values.
    pub(super) fn instance(
        &mut self,
        line: usize,
        values: &[Capture<'_>],
    ) -> usize {
        let index = self.contract.lines[line].actor;
        let actor = &self.contract.actors[index];
        let keys: Vec<String> = actor
            .keys
            .iter()
            .filter_map(|key| {
                let mut values = values.iter();
                let found = values.find(|capture| capture.name == key.name);
                found.map(|capture| capture.value.clone())
            })
            .collect();
        match self.known.get(&(index, keys.clone())) {
            Some(&instance) => instance,
            None => self.enter(index, keys),
        }
    }

    fn enter(&mut self, actor: usize, keys: Vec<String>) -> usize {
        let instance = self.instances.len();
        self.known.insert((actor, keys.clone()), instance);
        self.instances.push(Instance {
            actor,
            keys,
            counts: vec![0; self.contract.actors[actor].lines.len()],
            reached: 0,
            held: HashMap::new(),
        });
        instance
    }

    pub(super) fn actors(&self) -> &'c [Actor] {
        &self.contract.actors
    }

    pub(super) fn actor(&self, instance: usize) -> &'c Actor {
        &self.contract.actors[self.instances[instance].actor]
    }

    /// `worker i=0`
    pub(super) fn name(&self, instance: usize) -> String {
        let actor = self.actor(instance);
        let bound = self.bound_keys(instance);
        format!("{} {bound}", actor.name).trim_end().to_owned()
    }

    /// Its number among the instances of its actor, counted from 1.
    pub(super) fn number(&self, instance: usize) -> usize {
        let index = self.instances[instance].actor;
        let all = &self.instances[..=instance];
        all.iter().filter(|other| other.actor == index).count()
    }

    /// `i=0 who=Tom`
    pub(super) fn bound_keys(&self, instance: usize) -> String {
        let names = self.actor(instance).keys.iter();
        let values = &self.instances[instance].keys;
        let bound: Vec<String> = names
            .zip(values)
            .map(|(key, value)| format!("{}={value}", key.name))
            .collect();
        bound.join(" ")
    }

    pub(super) fn line(&self, line: usize) -> &'c Line {
        &self.contract.lines[line]
    }

    /// The place of a text in its actor: of several places with the same
    /// text the first that is not yet full.
    pub(super) fn place(&self, instance: usize, line: usize) -> usize {
        let actor = self.actor(instance);
        let first = self.line(line).first_alike;
        let mut alike = actor
            .lines
            .clone()
            .filter(|&other| self.line(other).first_alike == first);
        let last = alike.clone().next_back().unwrap_or(line);
        alike
            .find(|&other| {
                let most = self.line(other).count.most;
                most.is_none_or(|most| self.count(instance, other) < most)
            })
            .unwrap_or(last)
    }

    pub(super) fn count(&self, instance: usize, line: usize) -> u32 {
        let first = self.actor(instance).lines.start;
        self.instances[instance].counts[line - first]
    }

    /// There are no more values of the open keys than the contract tells.
    pub(super) fn check_number(
        &self,
        event: &Event<'c>,
    ) -> Result<(), Breach<'c>> {
        let actor = self.actor(event.instance);
        let Some(distinct) = actor.distinct else {
            return Ok(());
        };
        let index = self.instances[event.instance].actor;
        let seen = self.instances.iter().filter(|i| i.actor == index).count();
        if seen <= distinct as usize {
            return Ok(());
        }
        let keys = self.bound_keys(event.instance);
        Err(Breach::new(
            verdict::Kind::Value,
            format!("row {} is of one {} too many", event.row, actor.name),
        )
        .mark(Mark::broken(
            event.row,
            format!("{keys} is value number {seen}, {distinct} may appear"),
        ))
        .broken(&self.line(event.line).source))
    }

    /// Moves the instance of `event` on to its line.
    pub(super) fn step(
        &mut self,
        event: &Event<'c>,
        events: &[Event<'c>],
    ) -> Result<(), Breach<'c>> {
        let line = self.line(event.line);
        let first = self.actor(event.instance).lines.start;
        let place = event.line - first;
        if place < self.instances[event.instance].reached {
            return Err(self.too_late(event, events));
        }
        let lacking: Vec<usize> = (first..event.line)
            .filter(|&earlier| self.lacks(event.instance, earlier))
            .collect();
        if !lacking.is_empty() {
            return Err(self.too_early(event, &lacking));
        }
        let instance = &mut self.instances[event.instance];
        instance.reached = place;
        instance.counts[place] += 1;
        if line
            .count
            .most
            .is_some_and(|most| instance.counts[place] > most)
        {
            return Err(self.too_often(event, events));
        }
        Ok(())
    }

    /// Whether `line` has been printed less often than it must be.
    pub(super) fn lacks(&self, instance: usize, line: usize) -> bool {
        self.count(instance, line) < self.line(line).count.least
    }

    /// The line as the instance would print it, as far as that is known.
    pub(super) fn expected(&self, instance: usize, line: usize) -> String {
        let actor = self.actor(instance);
        let Instance { keys, held, .. } = &self.instances[instance];
        self.line(line).template.fill(|name| {
            let key = actor.keys.iter().position(|key| key.name == name);
            match key {
                Some(at) => keys.get(at).map(String::as_str),
                None => held.get(name).map(|(value, _)| value.as_str()),
            }
        })
    }

    fn too_late(&self, event: &Event<'c>, events: &[Event<'c>]) -> Breach<'c> {
        let name = self.name(event.instance);
        let row = event.row;
        let headline = format!("row {row} comes too late for {name}");
        let later = events
            .iter()
            .find(|e| e.instance == event.instance && e.line > event.line);
        let breach = Breach::new(verdict::Kind::Order, headline)
            .broken(&self.line(event.line).source);
        let Some(Event { row: later, .. }) = later else {
            return breach;
        };
        let here = format!("this line had to come before row {later}");
        breach
            .mark(Mark::cause(*later, "written below the other".into()))
            .mark(Mark::broken(row, here))
    }

    fn too_early(&self, event: &Event<'c>, lacking: &[usize]) -> Breach<'c> {
        let name = self.name(event.instance);
        let row = event.row;
        let headline = format!("row {row} comes too early for {name}");
        let breach = lacking.iter().fold(
            Breach::new(verdict::Kind::Order, headline),
            |breach, &line| breach.mark(self.missing(event.instance, line)),
        );
        breach
            .mark(Mark::broken(row, "this line may come only after it".into()))
            .broken(&self.line(lacking[0]).source)
    }

    /// The note that `line` is missing.
    pub(super) fn missing(&self, instance: usize, line: usize) -> Mark {
        let text = self.expected(instance, line);
        let least = self.line(line).count.least;
        let note = match (least, self.count(instance, line)) {
            (1, _) => "is missing".to_owned(),
            (least, count) => format!("came {count} of {least} times"),
        };
        let name = self.name(instance);
        Mark::missing(instance, &text, format!("{name}: `{text}` {note}"))
    }

    fn too_often(&self, event: &Event<'c>, events: &[Event<'c>]) -> Breach<'c> {
        let row = event.row;
        let most = self.line(event.line).count.most.unwrap_or(0);
        let headline = format!("row {row} is printed once too often");
        let earlier = events.iter().rev().find(|e| {
            e.row < row && e.instance == event.instance && e.line == event.line
        });
        let breach = Breach::new(verdict::Kind::Order, headline);
        let breach = match earlier {
            Some(e) => breach.mark(Mark::cause(
                e.row,
                match most {
                    1 => "the only time it may be printed".to_owned(),
                    most => format!("the last of {most} times"),
                },
            )),
            None => breach,
        };
        breach
            .mark(Mark::broken(row, "printed once more".into()))
            .broken(&self.line(event.line).source)
    }
}
