//! A scheduler that goes through *all* schedules in which a process that could
//! go on is stopped for another one at most so many times.
//!
//! Most mistakes need one or two such interruptions, and there are few enough
//! schedules with so few of them (Musuvathi and Qadeer, "Iterative context
//! bounding", PLDI 2007). A death, or the end of a time limit, that comes in
//! the middle of something counts as one.

use std::cell::Cell;
use std::rc::Rc;

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

use crate::machine::kernel;

pub(crate) struct Bounded {
    most: usize,
    /// The choices on the way to the schedule that is run.
    way: Vec<Choice>,
    /// So many of them are made.
    made: usize,
    /// Who was chosen last.
    last: Option<TaskId>,
    interruptions: usize,
    begun: usize,
    limit: usize,
    extent: Rc<Cell<Extent>>,
    /// Whether there are others, with more interruptions.
    cut: bool,
}

/// How far one got.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Through all schedules that there are.
    All,
    /// Through all that have so few interruptions.
    AllSoInterrupted,
    Some,
}

struct Choice {
    task: TaskId,
    /// What is to be tried after it.
    others: Vec<TaskId>,
}

impl Bounded {
    /// At most `most` interruptions, and `limit` schedules. The cell tells in
    /// the end how far it got.
    pub(crate) fn new(most: usize, limit: usize) -> (Self, Rc<Cell<Extent>>) {
        let extent = Rc::new(Cell::new(Extent::Some));
        let scheduler = Self {
            most,
            way: Vec::new(),
            made: 0,
            last: None,
            interruptions: 0,
            begun: 0,
            limit,
            extent: Rc::clone(&extent),
            cut: false,
        };
        (scheduler, extent)
    }

    /// Goes to the next way; tells whether there is one.
    fn turn(&mut self) -> bool {
        while let Some(mut last) = self.way.pop() {
            if let Some(next) = last.others.pop() {
                last.task = next;
                self.way.push(last);
                return true;
            }
        }
        false
    }
}

impl Scheduler for Bounded {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.begun > 0 && !self.turn() {
            self.extent.set(match self.cut {
                true => Extent::AllSoInterrupted,
                false => Extent::All,
            });
            return None;
        }
        if self.begun == self.limit {
            return None;
        }
        self.begun += 1;
        (self.made, self.interruptions, self.last) = (0, 0, None);
        Some(Schedule::new(0))
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        _current: Option<TaskId>,
        _is_yielding: bool,
    ) -> Option<TaskId> {
        // A dead process does nothing but unwind its stack: at once, as well
        // as later.
        let mut ids = runnable.iter().map(|it| it.id());
        if let Some(dead) = ids.find(|it| kernel::is_killed((*it).into())) {
            return Some(dead);
        }
        let goes_on = self
            .last
            .filter(|current| runnable.iter().any(|it| it.id() == *current));
        if self.made == self.way.len() {
            let all = runnable.iter().map(|it| it.id());
            let mut others: Vec<_> = all.rev().collect();
            let task = match goes_on {
                Some(current) => {
                    others.retain(|other| *other != current);
                    if self.interruptions == self.most {
                        self.cut |= !others.is_empty();
                        others.clear();
                    }
                    current
                }
                None => others.pop()?,
            };
            self.way.push(Choice { task, others });
        }
        let task = self.way[self.made].task;
        self.made += 1;
        self.last = Some(task);
        if goes_on.is_some_and(|current| current != task) {
            self.interruptions += 1;
        }
        Some(task)
    }

    fn next_u64(&mut self) -> u64 {
        // Nothing in the model is left to chance but who is next.
        0
    }
}
