//! Who goes on: the choices of a schedule.

use std::collections::HashMap;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::schedule::{Schedule, Strategy};
use crate::trace::TaskId;

/// Makes the choices of a schedule, one after the other.
pub(crate) struct Chooser {
    strategy: Strategy,
    chance: Xoshiro256PlusPlus,
    last: Option<TaskId>,
    /// How likely a sleeper may be chosen before its time.
    chaos: f64,
    /// How likely the last one goes on, if it sticks.
    stickiness: f64,
    priorities: HashMap<TaskId, u64>,
    /// After so many more choices the priorities change.
    change: u32,
    /// So many choices, on average, lie between two changes.
    span: u32,
}

impl Chooser {
    pub(crate) fn new(schedule: &Schedule) -> Self {
        const STICKINESS: [f64; 3] = [0.7, 0.9, 0.97];
        const CHAOS: [f64; 3] = [0.05, 0.2, 1.0];
        /// Programs differ in length, and bugs in where they lie.
        const SPANS: [u32; 5] = [5, 15, 50, 200, 1000];

        let seed = schedule.seed ^ 0x5eed_0f5c_8ed0_1e5a;
        let mut chance = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut one_of = |values: [f64; 3]| values[chance.random_range(0..3)];
        let stickiness = one_of(STICKINESS);
        let chaos = one_of(CHAOS);
        let span = SPANS[chance.random_range(0..SPANS.len())];
        let mut chooser = Self {
            strategy: schedule.strategy,
            chance,
            last: None,
            chaos: if schedule.chaos { chaos } else { 0.0 },
            stickiness,
            priorities: HashMap::new(),
            change: 0,
            span,
        };
        chooser.set_change();
        chooser
    }

    /// Whether sleepers may be chosen this time.
    pub(crate) fn wakes_sleepers(&mut self) -> bool {
        self.chaos > 0.0 && self.chance.random_bool(self.chaos)
    }

    /// One of several tasks, which are in the order of their births.
    pub(crate) fn choose(&mut self, tasks: &[TaskId]) -> Option<TaskId> {
        let chosen = match (tasks, self.strategy) {
            ([] | [_], _) => tasks.first().copied(),
            (_, Strategy::Random) => self.any(tasks),
            (_, Strategy::Sticky) => self.stick(tasks),
            (_, Strategy::Priorities) => self.foremost(tasks),
        };
        self.last = chosen.or(self.last);
        chosen
    }

    fn any(&mut self, tasks: &[TaskId]) -> Option<TaskId> {
        let place = self.chance.random_range(0..tasks.len());
        tasks.get(place).copied()
    }

    fn stick(&mut self, tasks: &[TaskId]) -> Option<TaskId> {
        let last = self.last.filter(|last| tasks.contains(last));
        match last {
            Some(last) if self.chance.random_bool(self.stickiness) => {
                Some(last)
            }
            _ => self.any(tasks),
        }
    }

    /// The one of the highest priority. Now and then it becomes the one of the
    /// lowest.
    fn foremost(&mut self, tasks: &[TaskId]) -> Option<TaskId> {
        for task in tasks {
            let chance = &mut self.chance;
            let any = || chance.random_range(1 << 32..u64::MAX);
            self.priorities.entry(*task).or_insert_with(any);
        }
        let priority = |task: &TaskId| self.priorities.get(task).copied();
        let first = tasks.iter().copied().max_by_key(priority)?;
        self.change -= 1;
        if self.change > 0 {
            return Some(first);
        }
        self.set_change();
        let lowest = self.priorities.values().min().copied();
        let lower = lowest.unwrap_or(1).saturating_sub(1);
        self.priorities.insert(first, lower);
        let priority = |task: &TaskId| self.priorities.get(task).copied();
        tasks.iter().copied().max_by_key(priority)
    }

    fn set_change(&mut self) {
        self.change = self.chance.random_range(1..=2 * self.span);
    }
}
