//! Barriers: all pass together, or none does.

use std::thread;
use std::time::Duration;

use multiprocessing::{Barrier, Error, RawArray, RawValue, Result};

use crate::harness::{Test, list};
use crate::support::{SOON, at_least, eventually, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b100_all_parties_pass_in_lockstep,
    b101_a_barrier_is_used_ten_times,
    b102_each_party_has_an_index_of_its_own,
    b103_the_action_runs_once_before_anybody_passes,
    b104_abort_frees_all_who_wait_and_who_come,
    b105_reset_frees_who_waits_and_the_barrier_is_used_on,
    b106_after_abort_and_reset_all_pass,
    b107_a_limit_that_passes_breaks_the_barrier_for_all,
    b108_a_barrier_may_have_a_limit_for_each_wait,
    b109_a_barrier_of_one_party_lets_it_pass_at_once,
    b110_a_thousand_passes_keep_step,
    b111_an_action_that_panics_breaks_the_barrier,
];

const LIMIT: Duration = Duration::from_millis(60);
const N: usize = 5;

pub(crate) fn barrier(parties: usize) -> Barrier {
    Barrier::new(parties).expect("there is memory for a barrier")
}

/// Runs `party` in `N` processes, of which this one is the last.
#[track_caller]
fn all_of_them(party: impl Fn() -> Result<()>) {
    let children = [(); N - 1].map(|()| started(&party));
    party().expect("nobody breaks the barrier");
    assert!(children.iter().all(|child| joined(child) == 0));
}

fn counter() -> RawArray<u32> {
    RawArray::zeroed(N).expect("there is memory")
}

/// Adds one to an item that only the caller changes.
fn add(counter: &RawArray<u32>, index: usize) -> Result<()> {
    counter.set(index, counter.get(index)? + 1)
}

fn sum(counter: &RawArray<u32>) -> usize {
    let items = counter.slice(..).expect("it has as many");
    items
        .iter()
        .map(|&n| usize::try_from(n).expect("few"))
        .sum()
}

pub(crate) fn is_broken<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::BrokenBarrier { .. }))
}

/// Passes so many times in step with the others.
fn lockstep(times: usize) {
    let barrier = barrier(N);
    let (before, after) = (counter(), counter());
    all_of_them(|| {
        for turn in 0..times {
            add(&before, barrier.wait()?)?;
            add(&after, barrier.wait()?)?;
            assert_eq!(sum(&before), (turn + 1) * N);
            barrier.wait()?;
            assert_eq!(sum(&after), (turn + 1) * N);
        }
        Ok(())
    });
    assert_eq!(barrier.n_waiting(), 0);
    assert!(!barrier.broken());
}

fn b100_all_parties_pass_in_lockstep() {
    lockstep(1);
    assert_eq!(barrier(N).parties(), N);
}

fn b101_a_barrier_is_used_ten_times() {
    lockstep(10);
}

fn b102_each_party_has_an_index_of_its_own() {
    let barrier = barrier(N);
    let counter = counter();
    all_of_them(|| {
        for turn in 1..=20 {
            add(&counter, barrier.wait()?)?;
            barrier.wait()?;
            assert_eq!(counter.slice(..)?, [turn; N]);
            barrier.wait()?;
        }
        Ok(())
    });
}

fn b103_the_action_runs_once_before_anybody_passes() {
    let runs = RawValue::new(0).expect("there is memory");
    let count = runs.clone();
    let barrier = barrier(N).with_action(move || {
        thread::sleep(Duration::from_millis(3));
        count.set(count.get() + 1);
    });
    all_of_them(|| {
        for turn in 1..=10 {
            barrier.wait()?;
            assert_eq!(runs.get(), turn);
        }
        Ok(())
    });
}

/// Where the parties of a test that breaks the barrier have come to.
struct Record {
    passed: RawArray<u32>,
    told: RawArray<u32>,
    again: RawArray<u32>,
}

impl Record {
    fn new() -> Self {
        Self {
            passed: counter(),
            told: counter(),
            again: counter(),
        }
    }

    fn note(&self, index: usize, outcome: &Result<usize>) -> Result<()> {
        match outcome {
            Ok(_) => add(&self.passed, index),
            broken => {
                assert!(is_broken(broken), "{broken:?}");
                add(&self.told, index)
            }
        }
    }

    fn sums(&self) -> (usize, usize, usize) {
        (sum(&self.passed), sum(&self.told), sum(&self.again))
    }
}

fn b104_abort_frees_all_who_wait_and_who_come() {
    let (barrier, record) = (barrier(N), Record::new());
    all_of_them(|| {
        let index = barrier.wait()?;
        if index == N / 2 {
            return barrier.abort();
        }
        record.note(index, &barrier.wait())
    });
    assert_eq!(record.sums(), (0, N - 1, 0));
    assert!(barrier.broken());
    let late = barrier.wait().expect_err("it is broken");
    let text = "the barrier is broken: abort() was called; call reset() to use \
                it again";
    assert_eq!(late.to_string(), text);
}

fn b105_reset_frees_who_waits_and_the_barrier_is_used_on() {
    let (barrier, record) = (barrier(N), Record::new());
    all_of_them(|| {
        let index = barrier.wait()?;
        if index == N / 2 {
            eventually(SOON, || barrier.n_waiting() == N - 1);
            barrier.reset()?;
        } else {
            record.note(index, &barrier.wait())?;
        }
        barrier.wait()?;
        add(&record.again, index)
    });
    assert_eq!(record.sums(), (0, N - 1, N));
    assert!(!barrier.broken());
}

fn b106_after_abort_and_reset_all_pass() {
    let (broken, whole) = (barrier(N), barrier(N));
    let record = Record::new();
    all_of_them(|| {
        let index = broken.wait()?;
        if index == N / 2 {
            broken.abort()?;
        } else {
            record.note(index, &broken.wait())?;
        }
        if whole.wait()? == N / 2 {
            assert!(broken.broken());
            broken.reset()?;
        }
        whole.wait()?;
        broken.wait()?;
        add(&record.again, index)
    });
    assert_eq!(record.sums(), (0, N - 1, N));
    assert!(!broken.broken());
}

/// One party comes too late.
fn too_late(barrier: &Barrier, wait: impl Fn() -> Result<usize>) {
    let record = Record::new();
    let start = self::barrier(N);
    all_of_them(|| {
        // Nobody waits before all have started.
        let (index, outcome) = at_least(LIMIT, || {
            let index = start.wait()?;
            if index == N / 2 {
                eventually(SOON, || barrier.broken());
            }
            Ok::<_, Error>((index, wait()))
        })?;
        record.note(index, &outcome)
    });
    assert_eq!(record.sums(), (0, N, 0));
    assert!(barrier.broken());
    assert_eq!(barrier.n_waiting(), 0);
}

fn b107_a_limit_that_passes_breaks_the_barrier_for_all() {
    let barrier = barrier(N);
    too_late(&barrier, || barrier.wait_timeout(LIMIT));
}

fn b108_a_barrier_may_have_a_limit_for_each_wait() {
    let barrier = barrier(N).with_timeout(LIMIT);
    too_late(&barrier, || barrier.wait());
}

fn b109_a_barrier_of_one_party_lets_it_pass_at_once() {
    let barrier = barrier(1);
    for _ in 0..3 {
        assert_eq!(barrier.wait().ok(), Some(0));
        assert_eq!(barrier.wait_timeout(Duration::ZERO).ok(), Some(0));
    }
}

fn b110_a_thousand_passes_keep_step() {
    let barrier = barrier(N);
    let turns = counter();
    all_of_them(|| {
        for turn in 0..1000 {
            let index = barrier.wait()?;
            turns.set(index, turn)?;
            barrier.wait()?;
            assert_eq!(turns.slice(..)?, [turn; N]);
        }
        Ok(())
    });
}

fn b111_an_action_that_panics_breaks_the_barrier() {
    let barrier = barrier(2).with_action(|| panic!("on purpose"));
    let party = || i32::from(is_broken(&barrier.wait()));
    let first = started(party);
    eventually(SOON, || barrier.n_waiting() == 1);
    let second = started(party);
    // The panic goes on in the party that ran the action.
    assert_eq!((joined(&first), joined(&second)), (1, 1));
    assert!(barrier.broken());
    let panics = std::panic::AssertUnwindSafe(|| barrier.wait());
    barrier.reset().expect("nothing can go wrong");
    let waits = started(party);
    eventually(SOON, || barrier.n_waiting() == 1);
    std::panic::catch_unwind(panics).expect_err("the action panics");
    assert_eq!(joined(&waits), 1);
}
