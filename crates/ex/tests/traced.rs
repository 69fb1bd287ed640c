//! What the explorer is told, and what is made of its answer.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use contract::{Contract, Ending, Seen};
use ex::catalogue::examples;
use ex::exploration::Subject;
use ex::traced;
use explore::{Blocked, Ended, Event, Trace, Wait, What};

fn trace(ending: explore::Ending) -> Trace {
    let event = |at, what| Event {
        at: Duration::from_millis(at),
        task: 0,
        what,
    };
    Trace {
        tasks: Vec::new(),
        events: vec![
            event(1, What::Chosen),
            event(2, What::Printed("one".to_owned())),
            event(3, What::Joined(1)),
            event(4, What::Printed("two".to_owned())),
        ],
        ending,
        left_behind: Vec::new(),
        elapsed: Duration::from_secs(5),
        stderr: "oh".to_owned(),
        choices: 7,
        preempted: 0,
    }
}

#[test]
fn what_is_printed_is_a_line_at_its_time() {
    let run = traced::run(&trace(explore::Ending::TooLong));
    let lines: Vec<_> = run
        .lines
        .iter()
        .map(|it| (it.text.as_str(), it.at))
        .collect();
    let seen = |at| {
        let at = Duration::from_millis(at);
        Some(Seen { after: at, by: at })
    };
    assert_eq!(lines, [("one", seen(2)), ("two", seen(4))]);
    assert_eq!(run.elapsed, Some(Duration::from_secs(5)));
    assert_eq!(run.stderr, "oh");
    assert!((run.pace - 1.0).abs() < f64::EPSILON);
}

#[test]
fn each_ending_is_told() {
    let blocked = Blocked {
        task: 0,
        wait: Wait::Child,
    };
    for (ending, told) in [
        (explore::Ending::Ended(Ended::Exited(3)), Ending::Exited(3)),
        (
            explore::Ending::Ended(Ended::Signaled(9)),
            Ending::Signaled(9),
        ),
        (explore::Ending::Deadlock(vec![blocked]), Ending::Blocked),
        (explore::Ending::TooLong, Ending::TimedOut),
    ] {
        assert_eq!(traced::run(&trace(ending)).ending, told);
    }
}

#[test]
fn a_variant_is_explored_with_its_flags_at_the_pace_of_the_text() {
    let source = "# a title\nrun: --permits 3\na:\n  | b\n";
    let contract = Contract::parse(source, "").expect("it is a contract");
    let examples = examples().expect("there are examples");
    let path = Path::new("/bin/ex3-7");
    let subject = Subject::variant(&examples[0], path, &contract);
    let program = subject.program(11);
    assert_eq!(program.command, ["/bin/ex3-7", "--permits", "3"]);
    let variables = program.variables;
    let has = |name: &str, value: Option<&str>| {
        let pair = (OsString::from(name), value.map(OsString::from));
        assert!(variables.contains(&pair), "{variables:?}");
    };
    has("LESSON_PACE", Some("1"));
    has("LESSON_SEED", Some("11"));
    has("RUST_BACKTRACE", None);
}
