//! What a run is besides its lines: its ending, its stderr, its times.

use std::time::Duration;

use contract::{
    Closest, Contract, Ending, Kind, OutputLine, Report, Run, Seen, Verdict,
    Violation,
};

fn contract(source: &str) -> Contract {
    Contract::parse(source, "test.contract")
        .unwrap_or_else(|faults| panic!("{}", faults[0]))
}

fn kept(source: &str, run: &Run) -> Report {
    match contract(source).judge(run) {
        Verdict::Kept(report) => report,
        Verdict::Broken(violation) => panic!("{violation}"),
    }
}

fn broken(source: &str, run: &Run) -> Violation {
    match contract(source).judge(run) {
        Verdict::Kept(report) => panic!("kept: {report}"),
        Verdict::Broken(violation) => *violation,
    }
}

/// In milliseconds.
fn seen(after: u64, by: u64) -> Seen {
    let [after, by] = [after, by].map(Duration::from_millis);
    Seen { after, by }
}

/// Lines with the milliseconds at which they were seen.
fn watched(lines: &[(&str, u64)], elapsed: u64) -> Run {
    let mut run = Run::saved("", Ending::Exited(0));
    run.lines = lines
        .iter()
        .map(|&(text, at)| OutputLine {
            text: text.to_owned(),
            at: Some(seen(at, at)),
        })
        .collect();
    run.elapsed = Some(Duration::from_millis(elapsed));
    run
}

const HELLO: &str = "main:\n  | hello\n";

#[test]
fn headers_are_told() {
    let source = "\n# a title\n# more\nrun: --queue 10\nexit: 3\nstderr: {_}";
    let contract = contract(source);
    assert_eq!(contract.title(), Some("a title"));
    assert_eq!(contract.flags(), ["--queue", "10"]);
    assert_eq!(contract.exit(), contract::Exit::Code(3));
    assert_eq!(contract.stderr(), Some("{_}"));
    assert_eq!(contract.rules().count(), 0);
}

#[test]
fn a_rule_is_known_by_its_text_its_why_and_its_line() {
    let source = "main:\n  a | a\n  b | b\na  before b   # a # sharp why \n";
    let contract = contract(source);
    let rule = contract.rules().next().expect("a rule");
    assert_eq!(rule.text, "a  before b");
    assert_eq!(rule.why.as_deref(), Some("a # sharp why"));
    assert_eq!(rule.line, 4);
}

#[test]
fn each_ending_is_compared() {
    let endings = [
        Ending::Exited(0),
        Ending::Exited(1),
        Ending::Signaled(9),
        Ending::Blocked,
        Ending::TimedOut,
    ];
    let due = [("", 0), ("exit: 1\n", 1), ("exit: blocked\n", 3)];
    for (header, right) in due {
        for (index, ending) in endings.into_iter().enumerate() {
            let run = Run::saved("hello\n", ending);
            let verdict = contract(&format!("{header}{HELLO}")).judge(&run);
            assert_eq!(verdict.is_kept(), index == right, "{ending:?}");
        }
    }
}

#[test]
fn a_crash_is_told_with_its_stderr_and_what_it_left_out() {
    let mut run = Run::saved("one\n", Ending::Exited(101));
    run.stderr = "thread 'main' panicked\nat the disco\n".into();
    let violation = broken("main:\n  | one\n  | two\n", &run);
    assert_eq!(violation.kind(), Kind::Ending);
    assert_eq!(violation.row(), None);
    let expected = "\
violation: the program exits with status 101; it should exit with status 0

      main
   1  one
 ?    (two)

 ? main: `two` is missing
   stderr: thread 'main' panicked
   stderr: at the disco
   stderr should be empty
";
    assert_eq!(violation.to_string(), expected);
}

#[test]
fn stderr_matches_as_a_whole() {
    let mut run = Run::saved("hello\n", Ending::Exited(0));
    run.stderr = "Traceback:\n  line 1\nValueError: 3\n".into();
    kept(
        &format!("stderr: Traceback:{{_}}Error: {{n:int}}\n{HELLO}"),
        &run,
    );
    let wrong = format!("stderr: Traceback:{{_}}Error: {{n=4 5}}\n{HELLO}");
    assert_eq!(broken(&wrong, &run).kind(), Kind::Stderr);
    assert_eq!(broken(HELLO, &run).kind(), Kind::Stderr);
    run.stderr.clear();
    assert_eq!(broken(&wrong, &run).kind(), Kind::Stderr);
}

#[test]
fn elapsed_is_bounded_on_both_sides_at_the_pace_of_the_run() {
    let least = format!("{HELLO}elapsed >= 5 s # sleep\n");
    let most = format!("{HELLO}elapsed <= 200 ms # no sleep\n");
    let mut run = watched(&[("hello", 0)], 5000);
    kept(&least, &run);
    assert_eq!(broken(&most, &run).kind(), Kind::Rule);
    run.elapsed = Some(Duration::from_millis(49));
    let violation = broken(&least, &run);
    let expected = "\
violation: `elapsed >= 5 s` is broken

      main
   1  hello

   the run took 0.049 s, not at least 5.000 s

 rule  elapsed >= 5 s
 why   sleep
 at    test.contract:3
";
    assert_eq!(violation.to_string(), expected);
    run.pace = 0.0098;
    kept(&least, &run);
    run.pace = 0.01;
    broken(&least, &run);
    broken(&most, &run);
}

const SEMAPHORE: &str = "\
worker(i=0..3):
  get | {i} 获得信号量
spread 3 get >= 1 s # two permits, each held for a second
";

#[test]
fn any_consecutive_lines_are_spread() {
    let row = [
        "0 获得信号量",
        "1 获得信号量",
        "2 获得信号量",
        "3 获得信号量",
    ];
    let times = |ms: [u64; 4]| {
        let lines: Vec<_> = row.into_iter().zip(ms).collect();
        watched(&lines, 4000)
    };
    let report = kept(SEMAPHORE, &times([0, 1, 1000, 1500]));
    let measured = Duration::from_secs(1);
    let closest = Closest::Time {
        measured,
        bound: 1.0,
    };
    assert_eq!(report.limits[0].closest, Some(closest));
    let mut early = times([0, 100, 1000, 1090]);
    let expected = "\
violation: `spread 3 get >= 1 s` is broken

      worker i=0    worker i=1    worker i=2    worker i=3    seen at
   1  0 获得信号量  │             │             │             0.000 s
 • 2  │             1 获得信号量  │             │             0.100 s
   3  │             │             2 获得信号量  │             1.000 s
 ✗ 4  │             │             │             3 获得信号量  1.090 s

 • row 2: the time counts from here
 ✗ row 4: only 0.990 s later, not 1.000 s

 rule  spread 3 get >= 1 s
 why   two permits, each held for a second
 at    test.contract:3
";
    assert_eq!(broken(SEMAPHORE, &early).to_string(), expected);
    early.lines[1].at = Some(seen(90, 100));
    kept(SEMAPHORE, &early);
    early.lines[1].at = Some(seen(91, 100));
    broken(SEMAPHORE, &early);
    early.pace = 0.99;
    kept(SEMAPHORE, &early);
}

#[test]
fn a_saved_output_passes_time_rules_over() {
    let source = format!(
        "{HELLO}elapsed >= 5 s # sleep\nusually elapsed <= 6 s # little else\n"
    );
    let report = kept(&source, &Run::saved("hello\n", Ending::Exited(0)));
    assert_eq!(report.passed_over.len(), 2);
    assert!(report.limits.is_empty() && report.usually.is_empty());
    let expected = "\
elapsed >= 5 s: passed over, no times are known
usually elapsed <= 6 s: passed over, no times are known
";
    assert_eq!(report.to_string(), expected);
    let report = kept(&source, &watched(&[("hello", 0)], 7000));
    assert!(report.passed_over.is_empty() && !report.usually[0].held);
}

#[test]
fn blanks_at_the_end_of_a_line_do_not_count() {
    let run = Run::saved("hello  \r\n", Ending::Exited(0));
    kept("main:\n  | hello \n", &run);
}

#[test]
fn a_legal_run_is_drawn_whole_and_with_its_times() {
    let contract = contract("a:\n  ×20 | tick\n");
    let drawn = contract.draw(&watched(&[("tick", 1250); 20], 2000));
    let drawn = drawn.expect("it is legal");
    let rows: Vec<_> = drawn.lines().collect();
    assert_eq!(rows.len(), 21, "{drawn}");
    assert_eq!(rows[0].trim_start(), "a     seen at");
    assert!(rows.contains(&"    9  tick  1.250 s"), "{drawn}");
}

#[test]
fn an_illegal_run_is_not_drawn_as_a_legal_one() {
    let run = Run::saved("bye\n", Ending::Exited(0));
    assert_eq!(contract(HELLO).draw(&run), None);
}
