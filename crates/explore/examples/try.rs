//! Tries it.
use std::time::Instant;
fn main() {
    let mut args = std::env::args().skip(1);
    let from: u64 = args.next().unwrap().parse().unwrap();
    let runs: u64 = args.next().unwrap().parse().unwrap();
    let program = explore::Program {
        command: args.map(Into::into).collect(),
        ..Default::default()
    };
    let start = Instant::now();
    let mut seen = std::collections::BTreeMap::new();
    let mut endings = std::collections::BTreeMap::new();
    for seed in from..from + runs {
        let trace = explore::explore(&program, &explore::Schedule::mixed(seed)).unwrap();
        if runs == 1 {
            for e in &trace.events { println!("{:?} {} {:?}", e.at, e.task, e.what); }
            println!("{:?} {:?} {:?} choices {} pre {} err {}", trace.ending, trace.left_behind, trace.elapsed, trace.choices, trace.preempted, trace.stderr);
        }
        let pids: Vec<String> = trace.tasks.iter().map(|t| t.pid.to_string()).collect();
        let out: Vec<String> = trace.events.iter().filter_map(|e| match &e.what { explore::What::Printed(l) => Some(l.clone()), _ => None }).map(|mut l| { for (i,p) in pids.iter().enumerate() { l = l.replace(p.as_str(), &format!("<{i}>")); } l }).collect();
        *seen.entry(out.join("\n")).or_insert(0) += 1;
        let blocked = trace.left_behind.len();
        *endings.entry(format!("{:?} left {blocked} err {:?} pre {}", trace.ending, trace.stderr, trace.preempted)).or_insert(0) += 1;
    }
    println!("{} outputs, {:?} a run", seen.len(), start.elapsed() / runs as u32);
    for (e, n) in endings { println!("{n} {e}"); }
}
