//! What a run breaks has a name, and how close it came to that a distance.

use std::time::Duration;

use contract::{Contract, Ending, Limit, OutputLine, Run, Seen, Verdict};

const SOURCE: &str = "\
main:
  begin | begin
        | n is {n:int}
  end ? | n was {n:int}
child:
  ×0..2 | child
always child <= begin # started after it
finally 2 child <= 4 # two at most
usually child before end # join
elapsed >= 2 s # a sleep
";

fn contract() -> Contract {
    Contract::parse(SOURCE, "promises.contract").expect("it is right")
}

/// A run of two seconds, all lines at its start.
fn run(lines: &[&str]) -> Run {
    let mut run = Run::saved("", Ending::Exited(0));
    let at = Seen {
        after: Duration::ZERO,
        by: Duration::ZERO,
    };
    let line = |text: &&str| OutputLine {
        text: (*text).to_owned(),
        at: Some(at),
    };
    run.lines = lines.iter().map(line).collect();
    run.elapsed = Some(Duration::from_secs(2));
    run
}

fn broken(run: &Run) -> String {
    match contract().judge(run) {
        Verdict::Kept(report) => panic!("kept: {report}"),
        Verdict::Broken(violation) => violation.promise().to_owned(),
    }
}

#[test]
fn every_promise_has_a_name() {
    let cases: [(&[&str], &str); 6] = [
        (&["what?"], "unknown line"),
        (&["begin", "n is 1", "n was 2"], "value: end"),
        (&["n is 1"], "order of main"),
        (&["child"], "always child <= begin"),
        (&[], "missing: begin"),
        (&["begin"], "missing: n is {n:int}"),
    ];
    for (lines, name) in cases {
        assert_eq!(broken(&run(lines)), name);
    }
    let mut failed = run(&["begin", "n is 1"]);
    failed.ending = Ending::Exited(1);
    assert_eq!(broken(&failed), "exit");
    let mut noisy = run(&["begin", "n is 1"]);
    noisy.stderr = "oh".into();
    assert_eq!(broken(&noisy), "stderr");
}

#[test]
fn the_hard_rules_are_those_that_can_be_broken() {
    let contract = contract();
    let texts = contract.hard_rules().map(|rule| rule.text.as_str());
    let hard = [
        "always child <= begin",
        "finally 2 child <= 4",
        "elapsed >= 2 s",
    ];
    assert_eq!(texts.collect::<Vec<_>>(), hard);
}

fn limits(run: &Run) -> Vec<(Option<f64>, bool)> {
    let Verdict::Kept(report) = contract().judge(run) else {
        panic!("it is legal");
    };
    let measure = |it: &Limit| (it.distance(), it.is_at_bound());
    report.limits.iter().map(measure).collect()
}

#[test]
fn a_limit_tells_how_far_the_run_stayed_from_it() {
    let far = [(None, false), (Some(4.0), false), (Some(0.0), true)];
    assert_eq!(limits(&run(&["begin", "n is 1"])), far);
    let near = [(Some(0.0), true), (Some(2.0), false), (Some(0.0), true)];
    assert_eq!(limits(&run(&["begin", "child", "n is 1"])), near);
    let mut slow = run(&["begin", "n is 1"]);
    slow.elapsed = Some(Duration::from_millis(2500));
    assert_eq!(limits(&slow)[2], (Some(0.5), false));
    slow.elapsed = Some(Duration::from_millis(2015));
    assert!(limits(&slow)[2].1, "no clock is exact");
}
