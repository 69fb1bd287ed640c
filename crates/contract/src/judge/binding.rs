//! The values of the holes: which belong together, which count up, which
//! are one process.

use std::collections::HashMap;

use crate::judge::Event;
use crate::judge::breach::{Breach, Mark};
use crate::judge::cast::Cast;
use crate::kind::Kind;
use crate::template::Capture;
use crate::verdict;

/// The name of a process in the contract: of a pid hole, together with the
/// keys of the instance, or with the value itself if the hole is a key.
type Process = (String, String);

/// What a counter counts: its line, its instance, the line's other holes.
type Counted = (usize, usize, String, Vec<String>);

#[derive(Default)]
pub(super) struct Bindings {
    /// The next number, and the row of the last.
    counters: HashMap<Counted, (i64, usize)>,
    processes: HashMap<Process, (String, usize)>,
    pids: HashMap<String, (Process, usize)>,
}

impl Bindings {
    pub(super) fn check<'c>(
        &mut self,
        event: &Event<'c>,
        cast: &mut Cast<'c>,
    ) -> Result<(), Breach<'c>> {
        same_within(event)
            .and_then(|()| self.count(event, cast))
            .and_then(|()| self.process(event, cast))
            .and_then(|()| hold(event, cast))
            .map_err(|breach| breach.broken(&cast.line(event.line).source))
    }

    /// A counter goes up by one for each combination of the other holes.
    fn count<'c>(
        &mut self,
        event: &Event<'c>,
        cast: &Cast<'c>,
    ) -> Result<(), Breach<'c>> {
        let others: Vec<String> = event
            .values
            .iter()
            .filter(|other| !matches!(other.kind, Kind::Counter(_)))
            .map(|other| other.value.clone())
            .collect();
        let text = cast.line(event.line).first_alike;
        for Capture { name, kind, value } in &event.values {
            let Kind::Counter(first) = kind else {
                continue;
            };
            let name = (*name).to_owned();
            let counted = (text, event.instance, name.clone(), others.clone());
            let entry = self.counters.entry(counted).or_insert((*first, 0));
            let (wanted, before) = *entry;
            if *value != wanted.to_string() {
                let headline = format!("row {} is out of its count", event.row);
                let breach = Breach::new(verdict::Kind::Value, headline);
                let breach = if before == 0 {
                    breach
                } else {
                    let note = format!("{{{name}}} was {}", wanted - 1);
                    breach.mark(Mark::cause(before, note))
                };
                return Err(breach.mark(Mark::broken(
                    event.row,
                    format!("{{{name}}} should be {wanted}, but is {value}"),
                )));
            }
            *entry = (wanted.saturating_add(1), event.row);
        }
        Ok(())
    }

    /// A pid belongs to one process, and a process has one pid.
    fn process<'c>(
        &mut self,
        event: &Event<'c>,
        cast: &Cast<'c>,
    ) -> Result<(), Breach<'c>> {
        let pids = event.values.iter().filter(|c| *c.kind == Kind::Pid);
        for Capture { name, value, .. } in pids {
            let of = if cast.is_pid_key(name) {
                value.clone()
            } else {
                cast.bound_keys(event.instance)
            };
            let process = ((*name).to_owned(), of);
            let here = (value.clone(), event.row);
            let (known, row) =
                self.processes.entry(process.clone()).or_insert(here);
            if known != value {
                let breach = differs(event, (name, known, *row), value);
                return Err(breach);
            }
            let here = (process.clone(), event.row);
            let (owner, row) = self.pids.entry(value.clone()).or_insert(here);
            if *owner != process {
                let headline =
                    format!("row {} shows the pid of another", event.row);
                let other = describe(owner);
                let this = describe(&process);
                return Err(Breach::new(verdict::Kind::Value, headline)
                    .mark(Mark::cause(*row, format!("{value} is {other}")))
                    .mark(Mark::broken(
                        event.row,
                        format!("{value} cannot be {this} too"),
                    )));
            }
        }
        Ok(())
    }
}

impl Cast<'_> {
    /// Whether some actor's instances are told apart by the pid `name`.
    fn is_pid_key(&self, name: &str) -> bool {
        let mut keys = self.actors().iter().flat_map(|actor| &actor.keys);
        keys.any(|key| key.name == name && key.kind == Kind::Pid)
    }
}

/// `{p}`, or `{p} of i=0`
fn describe((name, of): &Process) -> String {
    if of.is_empty() || of.bytes().all(|b| b.is_ascii_digit()) {
        format!("{{{name}}}")
    } else {
        format!("{{{name}}} of {of}")
    }
}

/// A hole that stands twice in one line has one value.
fn same_within<'c>(event: &Event<'c>) -> Result<(), Breach<'c>> {
    for (i, Capture { name, value, .. }) in event.values.iter().enumerate() {
        let mut before = event.values[..i].iter();
        if let Some(other) =
            before.find(|c| c.name == *name && c.value != *value)
        {
            return Err(differs(event, (name, &other.value, event.row), value));
        }
    }
    Ok(())
}

/// A hole has one value in all single lines of an instance.
fn hold<'c>(event: &Event<'c>, cast: &mut Cast<'c>) -> Result<(), Breach<'c>> {
    if !cast.line(event.line).is_single() {
        return Ok(());
    }
    let held = &mut cast.instances[event.instance].held;
    for Capture { name, kind, value } in &event.values {
        if matches!(kind, Kind::Counter(_)) {
            continue;
        }
        let here = (value.clone(), event.row);
        let (known, row) = held.entry((*name).to_owned()).or_insert(here);
        if known != value {
            return Err(differs(event, (name, known, *row), value));
        }
    }
    Ok(())
}

fn differs<'c>(
    event: &Event<'c>,
    (name, known, row): (&str, &str, usize),
    value: &str,
) -> Breach<'c> {
    let headline = format!("row {} has another {{{name}}}", event.row);
    let breach = Breach::new(verdict::Kind::Value, headline);
    let here = format!("{{{name}}} is {value}");
    if row == event.row {
        let note = format!("{{{name}}} is {known} first and then {value}");
        return breach.mark(Mark::broken(row, note));
    }
    breach
        .mark(Mark::cause(row, format!("{{{name}}} is {known}")))
        .mark(Mark::broken(event.row, here))
}
