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
    /// Whether the first task is the foremost one: it starts the others, and
    /// only who has been started can be early or late.
    main_first: bool,
    /// So many times as fast as the slowest task the fastest may be.
    spread: f64,
    speeds: HashMap<TaskId, f64>,
    priorities: HashMap<TaskId, u64>,
    /// After so many more choices the priorities change.
    change: u32,
    /// So many choices, on average, lie between two changes.
    span: u32,
}

impl Chooser {
    pub(crate) fn new(schedule: &Schedule) -> Self {
        const STICKINESS: [f64; 3] = [0.9, 0.97, 0.99];
        const CHAOS: [f64; 3] = [0.05, 0.2, 1.0];
        const SPREADS: [f64; 3] = [10.0, 10000.0, 1e7];
        /// Programs differ in length, and bugs in where they lie.
        const SPANS: [u32; 5] = [5, 10, 20, 50, 200];

        let seed = schedule.seed ^ 0x5eed_0f5c_8ed0_1e5a;
        let mut chance = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut one_of = |values: [f64; 3]| values[chance.random_range(0..3)];
        let stickiness = one_of(STICKINESS);
        let chaos = one_of(CHAOS);
        let spread = one_of(SPREADS);
        let main_first = chance.random_bool(0.7);
        let span = SPANS[chance.random_range(0..SPANS.len())];
        let mut chooser = Self {
            strategy: schedule.strategy,
            chance,
            last: None,
            chaos: if schedule.chaos { chaos } else { 0.0 },
            stickiness,
            main_first,
            spread,
            speeds: HashMap::new(),
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

    /// All get other speeds, none of which is much higher than another, and
    /// sleepers mostly sleep. Who asks, or wakes, again and again until a slow
    /// one has done something would else go on and on.
    pub(crate) fn be_fair(&mut self) {
        const SPREAD: f64 = 10.0;
        const CHAOS: f64 = 0.05;

        self.chaos = self.chaos.min(CHAOS);
        self.spread = SPREAD;
        self.main_first = false;
        self.speeds.clear();
    }

    /// Any of them, the faster the more likely. Were all equally fast, they
    /// would mostly do their many steps side by side.
    fn any(&mut self, tasks: &[TaskId]) -> Option<TaskId> {
        let speeds: Vec<_> = tasks.iter().map(|it| self.speed(*it)).collect();
        let mut place = self.chance.random_range(0.0..speeds.iter().sum());
        let fits = speeds.iter().position(|speed| {
            place -= speed;
            place < 0.0
        });
        tasks.get(fits.unwrap_or(0)).copied()
    }

    fn speed(&mut self, task: TaskId) -> f64 {
        let chance = &mut self.chance;
        let spread = self.spread;
        let any = || match task {
            0 if self.main_first => spread,
            _ => spread.powf(chance.random_range(0.0..=1.0)),
        };
        *self.speeds.entry(task).or_insert_with(any)
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

    /// The one of the highest priority. Now and then it changes places with
    /// another one.
    fn foremost(&mut self, tasks: &[TaskId]) -> Option<TaskId> {
        for task in tasks {
            let chance = &mut self.chance;
            let any = || match task {
                0 if self.main_first => u64::MAX,
                _ => chance.random_range(1 << 32..u64::MAX),
            };
            self.priorities.entry(*task).or_insert_with(any);
        }
        let priority = |task: &TaskId| self.priorities.get(task).copied();
        let first = tasks.iter().copied().max_by_key(priority)?;
        self.change -= 1;
        if self.change > 0 {
            return Some(first);
        }
        self.set_change();
        // A new one would mostly be lower than before, and those whom it
        // leaves behind would wait longer and longer.
        let other = tasks[self.chance.random_range(0..tasks.len())];
        let (low, high) = (self.priorities[&other], self.priorities[&first]);
        self.priorities.extend([(first, low), (other, high)]);
        Some(other)
    }

    fn set_change(&mut self) {
        self.change = self.chance.random_range(1..=2 * self.span);
    }
}
