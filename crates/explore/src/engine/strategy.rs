//! Who goes on: the choices of a schedule.

use std::collections::HashMap;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::schedule::{Schedule, Strategy};
use crate::trace::TaskId;

/// How likely a newborn task has a lower priority than the one who made it:
/// else a program with several children would mostly run the first one to its
/// end before it makes the next.
const RESPECT: f64 = 0.9;

/// Makes the choices of a schedule, one after the other.
pub(crate) struct Chooser {
    strategy: Strategy,
    chance: Xoshiro256PlusPlus,
    last: Option<TaskId>,
    /// How likely a sleeper may be chosen before its time.
    chaos: f64,
    /// How likely the last one goes on, if it sticks; at a point, and else.
    at_point: f64,
    elsewhere: f64,
    /// How many times as fast as another one a task may be.
    spread: f64,
    /// For the same reason the first task mostly is faster than the others.
    head_start: f64,
    speeds: HashMap<TaskId, f64>,
    priorities: HashMap<TaskId, f64>,
    /// After so many more choices a priority changes.
    change: u32,
    /// So many choices, on average, lie between two changes.
    span: u32,
}

impl Chooser {
    pub(crate) fn new(schedule: &Schedule) -> Self {
        const AT_POINT: [f64; 3] = [0.0, 0.3, 0.6];
        const ELSEWHERE: [f64; 3] = [0.9, 0.98, 1.0];
        const CHAOS: [f64; 3] = [0.05, 0.2, 1.0];
        const SPREADS: [f64; 3] = [5.0, 50.0, 200.0];
        const HEAD_STARTS: [f64; 3] = [0.5, 0.9, 1.0];
        /// Programs differ in length, and bugs in where they lie.
        const SPANS: [u32; 5] = [5, 15, 50, 200, 1000];

        let seed = schedule.seed ^ 0x5eed_0f5c_8ed0_1e5a;
        let mut chance = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut one_of = |values: [f64; 3]| values[chance.random_range(0..3)];
        let chaos = one_of(CHAOS);
        let mut chooser = Self {
            strategy: schedule.strategy,
            last: None,
            chaos: if schedule.chaos { chaos } else { 0.0 },
            at_point: one_of(AT_POINT),
            elsewhere: one_of(ELSEWHERE),
            spread: one_of(SPREADS),
            head_start: one_of(HEAD_STARTS),
            speeds: HashMap::new(),
            priorities: HashMap::new(),
            change: 0,
            span: SPANS[chance.random_range(0..SPANS.len())],
            chance,
        };
        chooser.set_change();
        chooser
    }

    /// Whether sleepers may be chosen this time.
    pub(crate) fn wakes_sleepers(&mut self) -> bool {
        self.chaos > 0.0 && self.chance.random_bool(self.chaos)
    }

    /// One of several tasks, which are in the order of their births. The last
    /// one may have come to a point: where it is likely to matter who is first.
    pub(crate) fn choose(
        &mut self,
        tasks: &[TaskId],
        at_point: bool,
    ) -> Option<TaskId> {
        let chosen = match (tasks, self.strategy) {
            ([] | [_], _) => tasks.first().copied(),
            (_, Strategy::Random) => self.fast(tasks),
            (_, Strategy::Sticky) => self.stick(tasks, at_point),
            (_, Strategy::Priorities) => self.foremost(tasks, at_point),
        };
        self.last = chosen.or(self.last);
        chosen
    }

    /// All get other speeds and priorities, no speed much higher than another,
    /// and sleepers mostly sleep. Who asks, or wakes, again and again until a
    /// slow one has done something would else go on and on.
    pub(crate) fn be_fair(&mut self) {
        const STICKINESS: f64 = 0.9;
        const SPREAD: f64 = 10.0;
        const CHAOS: f64 = 0.05;

        self.chaos = self.chaos.min(CHAOS);
        self.elsewhere = self.elsewhere.min(STICKINESS);
        self.spread = self.spread.min(SPREAD);
        self.head_start = 0.0;
        self.speeds.clear();
        self.priorities.clear();
    }

    /// Any of them, the fast ones more often.
    fn fast(&mut self, tasks: &[TaskId]) -> Option<TaskId> {
        let speeds = tasks.iter().map(|task| self.speed(*task));
        let speeds: Vec<f64> = speeds.collect();
        let mut place = self.chance.random_range(0.0..speeds.iter().sum());
        let chosen = speeds.iter().position(|speed| {
            place -= speed;
            place < 0.0
        });
        // The sum may be a little more than its parts.
        tasks.get(chosen.unwrap_or(0)).copied()
    }

    fn speed(&mut self, task: TaskId) -> f64 {
        let Self {
            chance,
            spread,
            head_start,
            ..
        } = self;
        *self.speeds.entry(task).or_insert_with(|| {
            let handicap = if task == 0 { 0.0 } else { *head_start };
            spread.powf(chance.random::<f64>() - handicap)
        })
    }

    fn stick(&mut self, tasks: &[TaskId], at_point: bool) -> Option<TaskId> {
        let stickiness = if at_point {
            self.at_point
        } else {
            self.elsewhere
        };
        let last = self.last.filter(|last| tasks.contains(last));
        match last {
            Some(_) if self.chance.random_bool(stickiness) => last,
            _ => self.fast(tasks),
        }
    }

    /// The one of the highest priority. Now and then that becomes lower.
    fn foremost(&mut self, tasks: &[TaskId], at_point: bool) -> Option<TaskId> {
        let first = self.first(tasks)?;
        let weight = if at_point { self.span / 4 + 1 } else { 1 };
        self.change = self.change.saturating_sub(weight);
        if self.change > 0 {
            return Some(first);
        }
        self.set_change();
        let lower = self.priority(first) * self.chance.random::<f64>();
        self.priorities.insert(first, lower);
        self.first(tasks)
    }

    fn first(&mut self, tasks: &[TaskId]) -> Option<TaskId> {
        let priorities = tasks.iter().map(|task| (self.priority(*task), task));
        let first = priorities.max_by(|one, other| one.0.total_cmp(&other.0));
        first.map(|(_, task)| *task)
    }

    fn priority(&mut self, task: TaskId) -> f64 {
        let Self { chance, last, .. } = self;
        // The last one is mostly the one who made it.
        let parent = last.and_then(|last| self.priorities.get(&last)).copied();
        *self.priorities.entry(task).or_insert_with(|| {
            let most = parent.filter(|_| chance.random_bool(RESPECT));
            chance.random::<f64>() * most.unwrap_or(1.0)
        })
    }

    fn set_change(&mut self) {
        self.change = self.chance.random_range(1..=2 * self.span);
    }
}
