//! Traces that no run leaves behind are drawn as well.

use std::time::Duration;

use explore::{Blocked, Ended, Ending, Event, Task, Trace, Wait, What};
use timeline::{Labels, svg, text};

fn trace(tasks: usize, happenings: Vec<(usize, What)>) -> Trace {
    let task = Task {
        pid: 7,
        tid: 7,
        parent: None,
        name: None,
    };
    let at = Duration::ZERO;
    let event = |(task, what)| Event { at, task, what };
    Trace {
        tasks: vec![task; tasks],
        events: happenings.into_iter().map(event).collect(),
        ending: Ending::Ended(Ended::Signaled(15)),
        elapsed: Duration::from_secs(1),
        stderr: "one\ntwo\n".into(),
        choices: 0,
        left_behind: Vec::new(),
        preempted: 3,
    }
}

fn drawn(trace: &Trace) -> String {
    let drawn = svg(trace, &Labels::default());
    roxmltree::Document::parse(&drawn).expect("it is XML");
    text(trace, &Labels::default())
}

#[test]
fn a_run_of_nobody_has_an_end() {
    let drawn = drawn(&trace(0, vec![(0, What::Chosen)]));
    assert!(
        drawn.contains("was ended after 1 s, by SIGTERM."),
        "{drawn}"
    );
    assert!(drawn.contains("On stderr: one ⏎ two"), "{drawn}");
}

#[test]
fn who_is_not_known_is_not_drawn() {
    let line = || What::Printed("here".into());
    let mut trace = trace(
        2,
        vec![
            (0, What::Started(9)),
            (9, line()),
            (0, What::Joined(9)),
            (1, line()),
        ],
    );
    trace.ending = Ending::Deadlock(vec![
        Blocked {
            task: 9,
            wait: Wait::Read,
        },
        Blocked {
            task: 1,
            wait: Wait::Signal,
        },
    ]);
    let drawn = drawn(&trace);
    assert_eq!(drawn.matches("here").count(), 1, "{drawn}");
    assert!(!drawn.contains("start"), "{drawn}");
    assert!(drawn.contains("Process 1 waits for a signal"), "{drawn}");
}

#[test]
fn nobody_rises_from_the_dead() {
    let happenings = vec![
        (0, What::Started(1)),
        (1, What::Ended(Ended::Exited(2))),
        (1, What::Woke),
        (0, What::Joined(1)),
        (0, What::Joined(1)),
        (1, What::Printed("late".into())),
    ];
    let drawn = drawn(&trace(2, happenings));
    assert!(drawn.contains("exit 2"), "{drawn}");
    assert!(drawn.contains("late"), "{drawn}");
}
