//! Runs a check under many schedules, in four ways.
//!
//! - *all* schedules with no interruption, with one, with two, as far as one
//!   gets ([`bounded`]);
//! - *even*: each order of all steps is as likely as any other (shuttle's
//!   uniform random walk), so that a death is as likely late as early;
//! - *random*: at each step, each process is as likely to be next;
//! - *pct*: by priorities that change at few moments, so that one process is
//!   far ahead of another (shuttle's probabilistic concurrency testing).
//!
//! A schedule that fails is printed. `MODEL_REPLAY=<schedule>`, and the name of
//! the check, runs it again, and prints each step. `MODEL_ROUNDS=100` tries a
//! hundred times as many schedules, and `MODEL_REPORT=1` tells how many.

mod bounded;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use shuttle::scheduler::{
    PctScheduler, RandomScheduler, Scheduler, UrwRandomScheduler,
};
use shuttle::{Config, MaxSteps, Runner};

use crate::machine::kernel;
use bounded::{Bounded, Extent};

/// So many schedules of each kind, if `MODEL_ROUNDS` does not say otherwise.
const SCHEDULES: usize = 250;

/// So many of those that are gone through in order.
const ALL: usize = 5_000;

/// So many priority changes, and one more.
const PCT_DEPTH: usize = 4;

/// Nothing that is right takes so many steps.
const MOST_STEPS: usize = 20_000;

/// Runs `check` under many schedules; panics if one of them fails.
pub(crate) fn explore(check: impl Fn() + Send + Sync + 'static) {
    explore_part(1, check);
}

/// The same under so many times fewer: for a check that takes long.
pub(crate) fn explore_part(
    part: usize,
    check: impl Fn() + Send + Sync + 'static,
) {
    let run = Run {
        check: Arc::new(check),
        schedules: Arc::default(),
    };
    if let Ok(schedule) = std::env::var("MODEL_REPLAY") {
        return shuttle::replay(run.body(true), schedule.trim());
    }
    let rounds = number("MODEL_ROUNDS", 1);
    run.all(ALL * rounds / part);
    let count = SCHEDULES * rounds / part;
    run.under("even", UrwRandomScheduler::new(count));
    run.under("random", RandomScheduler::new(count));
    run.under("pct", PctScheduler::new(PCT_DEPTH, count));
}

struct Run {
    /// Not a type parameter: shuttle is compiled once, not for each check.
    check: Arc<dyn Fn() + Send + Sync>,
    schedules: Arc<AtomicUsize>,
}

impl Run {
    fn body(&self, traced: bool) -> impl Fn() + Send + Sync + 'static {
        let (check, schedules) = (self.check.clone(), self.schedules.clone());
        move || {
            schedules.fetch_add(1, Relaxed);
            kernel::reset(traced);
            check();
        }
    }

    /// All schedules without an interruption, then all with one, with two, and
    /// so on, until it were more than `most` altogether.
    fn all(&self, most: usize) {
        let mut left = most;
        for interruptions in 0.. {
            let (scheduler, extent) = Bounded::new(interruptions, left);
            let way = format!("all with {interruptions} interruptions");
            left -= self.under(&way, scheduler);
            match extent.get() {
                Extent::All => return tell("there are no others"),
                Extent::AllSoInterrupted => {}
                Extent::Some => return tell("these were not all"),
            }
        }
    }

    /// Runs the check as `scheduler` says; how often that was.
    fn under(&self, way: &str, scheduler: impl Scheduler + 'static) -> usize {
        let mut config = Config::new();
        config.max_steps = MaxSteps::FailAfter(MOST_STEPS);
        config.stack_size = 1 << 18;
        self.schedules.store(0, Relaxed);
        let start = Instant::now();
        let runner = Runner::new(scheduler, config);
        let run = AssertUnwindSafe(|| runner.run(self.body(false)));
        let result = catch_unwind(run);
        let (count, took) = (self.schedules.load(Relaxed), start.elapsed());
        if let Err(panic) = result {
            eprintln!("{way}: schedule {count} failed, after {took:.1?}");
            resume_unwind(panic);
        }
        tell(&format!("{way}: {count} schedules, {took:.1?}"));
        count
    }
}

fn tell(what: &str) {
    if std::env::var_os("MODEL_REPORT").is_some() {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or_default();
        println!("{name}: {what}");
    }
}

fn number(variable: &str, otherwise: usize) -> usize {
    let value = std::env::var(variable).ok();
    value.and_then(|it| it.parse().ok()).unwrap_or(otherwise)
}
