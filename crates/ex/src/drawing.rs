//! Timelines of runs, with the names that a contract has for their tasks.

use std::collections::BTreeMap;

use contract::Contract;
use explore::{Trace, What};
use timeline::Labels;

use crate::traced;

/// The title of a run's timeline, and a name for each task of which the
/// contract knows who it is: the one whose lines it prints.
#[must_use]
pub fn labels(title: &str, contract: &Contract, trace: &Trace) -> Labels {
    let run = traced::run(trace);
    let authors = contract.authors(&run);
    let printers = trace.events.iter().filter_map(|event| match event.what {
        What::Printed(_) => Some(event.task),
        _ => None,
    });
    let mut names: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (task, author) in printers.zip(authors) {
        let names = names.entry(task).or_default();
        if let Some(author) = author
            && !names.contains(&author)
        {
            names.push(author);
        }
    }
    // Who prints the lines of several has no name of its own.
    let sole = names.into_iter().filter_map(|(task, names)| {
        let [name] = <[String; 1]>::try_from(names).ok()?;
        Some((task, name))
    });
    Labels {
        title: title.to_owned(),
        names: sole.collect(),
    }
}
