//! Same.
fn main() {
    let mut args = std::env::args().skip(1);
    let seeds: u64 = args.next().unwrap().parse().unwrap();
    let runs: u64 = args.next().unwrap().parse().unwrap();
    let program = explore::Program { command: args.map(Into::into).collect(), ..Default::default() };
    for seed in 0..seeds {
        let mut first: Option<Vec<String>> = None;
        let mut bad = 0;
        for _ in 0..runs {
            let trace = explore::explore(&program, &explore::Schedule::mixed(seed)).unwrap();
            let pids: Vec<String> = trace.tasks.iter().map(|t| t.pid.to_string()).collect();
            let ev: Vec<String> = trace.events.iter().map(|e| { let mut l = format!("{e:?}"); for (i,p) in pids.iter().enumerate() { l = l.replace(p.as_str(), &format!("<{i}>")); } l }).collect();
            match &first { None => first = Some(ev), Some(f) => if f != &ev { bad += 1; if bad == 1 { let i = f.iter().zip(&ev).position(|(a,b)| a!=b); println!("seed {seed} differs at {i:?}"); if let Some(i) = i { for k in i.saturating_sub(3)..(i+3).min(f.len()).min(ev.len()) { println!("  {}\n    {}", f[k], ev[k]); } } } } }
        }
        if bad > 0 { println!("seed {seed}: {bad} of {runs} differ"); }
    }
    println!("done");
}
