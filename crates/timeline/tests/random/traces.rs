//! Random runs of random programs: what happens is possible, though it may
//! make no sense.

use std::time::Duration;

use explore::{Blocked, Ended, Ending, Event, Task, TaskId, Trace, Wait, What};
use proptest::collection::vec;
use proptest::prelude::*;

/// One step: who of those who can, what of what is possible, with which text,
/// and how much later.
type Step = (usize, usize, String, u64);

pub(crate) fn traces() -> impl Strategy<Value = Trace> {
    let text = prop_oneof![
        "[a-z]{1,8} [a-z]{1,8}",
        "[吃包子主进程]{1,20}",
        "\\PC{0,30}",
        any::<String>(),
        "[a-z ]{200,300}",
    ];
    let text = text.prop_map(|text| text.replace('\n', " "));
    let later = prop_oneof![4 => Just(0), 1 => 0..3_000_000_u64];
    let step = (any::<usize>(), any::<usize>(), text, later);
    let length = prop_oneof![3 => 0..40_usize, 1 => 40..400_usize];
    let steps = length.prop_flat_map(move |length| vec(step.clone(), length));
    (steps, any::<bool>(), 0..3_usize).prop_map(|(steps, explored, ending)| {
        let mut run = Run::new(explored);
        for step in steps {
            run.step(step);
        }
        run.finish(ending)
    })
}

struct Run {
    trace: Trace,
    now: Duration,
    explored: bool,
    /// What each task waits for.
    waits: Vec<Option<Wait>>,
    ended: Vec<bool>,
    joined: Vec<bool>,
}

impl Run {
    fn new(explored: bool) -> Self {
        let trace = Trace {
            tasks: vec![Task {
                pid: 1,
                tid: 1,
                parent: None,
                name: None,
            }],
            events: Vec::new(),
            ending: Ending::TooLong,
            elapsed: Duration::ZERO,
            stderr: String::new(),
            choices: 0,
            left_behind: Vec::new(),
            preempted: 0,
        };
        Self {
            trace,
            now: Duration::ZERO,
            explored,
            waits: vec![None],
            ended: vec![false],
            joined: vec![true],
        }
    }

    fn tell(&mut self, task: TaskId, what: What) {
        self.trace.events.push(Event {
            at: self.now,
            task,
            what,
        });
    }

    fn step(&mut self, (who, what, text, later): Step) {
        self.now += Duration::from_micros(later);
        let alive: Vec<TaskId> = (0..self.ended.len())
            .filter(|&id| !self.ended[id])
            .collect();
        if alive.is_empty() {
            return;
        }
        let task = alive[who % alive.len()];
        if self.waits[task].take().is_some() {
            self.tell(task, What::Woke);
        }
        if self.explored {
            self.tell(task, What::Chosen);
        }
        match what % 12 {
            0 | 1 if self.ended.len() < 30 => self.start(task, text, what),
            2..=5 => self.tell(task, What::Printed(text)),
            6 => self.tell(task, What::Operation(text)),
            7 | 8 => {
                let wait = wait(what / 12, text);
                self.waits[task] = Some(wait.clone());
                self.tell(task, What::Waits(wait));
            }
            9 => self.join(task),
            10 if task > 0 || alive.len() == 1 => {
                self.ended[task] = true;
                self.tell(task, What::Ended(Ended::Exited(0)));
            }
            11 if task > 0 => {
                self.ended[task] = true;
                self.tell(task, What::Ended(Ended::Signaled(9)));
            }
            _ => {}
        }
    }

    fn start(&mut self, by: TaskId, name: String, what: usize) {
        let id = self.trace.tasks.len();
        let tid = 1 + i32::try_from(id).expect("they are few");
        let pid = if what.is_multiple_of(2) {
            tid
        } else {
            self.trace.tasks[by].pid
        };
        let name = what.is_multiple_of(5).then_some(name);
        self.trace.tasks.push(Task {
            pid,
            tid,
            parent: Some(by),
            name,
        });
        self.waits.push(None);
        self.ended.push(false);
        self.joined.push(false);
        self.tell(by, What::Started(id));
    }

    fn join(&mut self, by: TaskId) {
        let free = |id: &usize| self.ended[*id] && !self.joined[*id];
        if let Some(child) = (0..self.ended.len()).find(free) {
            self.joined[child] = true;
            self.tell(by, What::Joined(child));
        }
    }

    fn finish(mut self, ending: usize) -> Trace {
        self.trace.elapsed = self.now;
        let waits = self.waits.iter().enumerate();
        let blocked = waits.filter_map(|(task, wait)| {
            Some(Blocked {
                task,
                wait: wait.clone()?,
            })
        });
        self.trace.ending = match ending {
            0 => Ending::Ended(Ended::Exited(0)),
            1 => Ending::TooLong,
            _ => Ending::Deadlock(blocked.collect()),
        };
        self.trace
    }
}

fn wait(kind: usize, text: String) -> Wait {
    match kind % 6 {
        0 => Wait::Sleep(Duration::from_millis(1500)),
        1 => Wait::Operation(text),
        2 => Wait::Lock,
        3 => Wait::Read,
        4 => Wait::Poll,
        _ => Wait::Other(61),
    }
}
