//! How fast a program is explored, and how many things it does:
//!
//!     cargo run -p explore --example measure -- 200 target/debug/ex3-2

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::time::Instant;

use explore::{Program, Schedule, Trace, What, explore};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let count = arguments.next().and_then(|it| it.into_string().ok());
    let count: u32 = count.ok_or("how often?")?.parse()?;
    let program = Program {
        command: arguments.collect(),
        ..Program::default()
    };
    let mut outputs = BTreeMap::new();
    let mut endings = BTreeMap::new();
    let (mut choices, mut preempted) = (0, 0);
    let start = Instant::now();
    for seed in 0..count {
        let trace = explore(&program, &Schedule::mixed(seed.into()))?;
        *outputs.entry(output(&trace)).or_insert(0) += 1;
        *endings.entry(ending(&trace)).or_insert(0) += 1;
        choices += trace.choices;
        preempted += trace.preempted;
    }
    let elapsed = start.elapsed();
    println!("{:.0} runs/s", f64::from(count) / elapsed.as_secs_f64());
    println!("{} choices a run", choices / u64::from(count));
    println!("{preempted} times preempted");
    println!("{} outputs", outputs.len());
    for (ending, count) in endings {
        println!("{count} times {ending}");
    }
    Ok(())
}

fn output(trace: &Trace) -> Vec<String> {
    let printed = trace.events.iter().filter_map(|event| match &event.what {
        What::Printed(line) => Some(line.clone()),
        _ => None,
    });
    printed.collect()
}

fn ending(trace: &Trace) -> String {
    // Who exactly waits for whom is another matter.
    let ending = format!("{:?}", trace.ending);
    ending.split('[').next().unwrap_or_default().to_owned()
}
