//! Barriers: their edges, and parties that meet in ever other orders.

use std::thread;
use std::time::{Duration, Instant};

use multiprocessing::{Barrier, Error, RawArray, RawValue};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::barrier::{barrier, is_broken};
use crate::harness::{Test, list};
use crate::support::{
    SOON, at_least, dawdle, eventually, in_child, joined, on_signal, seed,
    started,
};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    a_barrier_has_a_party_at_least,
    debug_tells_how_many_parties_wait,
    an_action_may_abort_its_barrier,
    an_action_cannot_wait_at_its_barrier,
    the_time_of_an_action_counts,
    a_party_too_many_waits_for_the_next_round,
    a_signal_does_not_end_the_wait_at_a_barrier,
    threads_and_processes_meet_at_a_barrier,
    more_parties_meet_than_can_be_watched_at_once,
    nobody_is_a_step_ahead_however_they_meet,
    limits_that_pass_at_any_moment_let_all_pass_or_none,
    resets_and_aborts_at_any_moment_leave_nobody_behind,
];

const LIMIT: Duration = Duration::from_millis(60);

fn a_barrier_has_a_party_at_least() {
    for parties in [0, (1 << 22) + 1, usize::MAX] {
        let barrier = Barrier::new(parties);
        assert!(matches!(barrier, Err(Error::Invalid { .. })));
    }
}

fn debug_tells_how_many_parties_wait() {
    let barrier = barrier(2);
    assert_eq!(format!("{barrier:?}"), "Barrier(waiting=0/2)");
    let party = started(|| barrier.wait().map(drop));
    eventually(SOON, || barrier.n_waiting() == 1);
    assert_eq!(format!("{barrier:?}"), "Barrier(waiting=1/2)");
    assert_eq!(barrier.wait().ok(), Some(1));
    assert_eq!(joined(&party), 0);
    barrier.abort().expect("nothing can go wrong");
    assert_eq!(format!("{barrier:?}"), "Barrier(broken)");
}

fn an_action_may_abort_its_barrier() {
    let inner = barrier(2);
    let aborted = inner.clone();
    let barrier = inner.with_action(move || {
        aborted.abort().expect("nothing can go wrong");
    });
    let party = started(|| i32::from(is_broken(&barrier.wait())));
    assert!(is_broken(&barrier.wait()));
    assert_eq!(joined(&party), 1);
}

fn an_action_cannot_wait_at_its_barrier() {
    let inner = barrier(1);
    let again = inner.clone();
    let barrier = inner.with_action(move || {
        assert!(matches!(again.wait(), Err(Error::Invalid { .. })));
    });
    assert_eq!(barrier.wait().ok(), Some(0));
}

fn the_time_of_an_action_counts() {
    let barrier = barrier(2).with_action(|| thread::sleep(2 * LIMIT));
    let party = started(|| {
        let outcome = at_least(LIMIT, || barrier.wait_timeout(LIMIT));
        i32::from(is_broken(&outcome))
    });
    eventually(SOON, || barrier.n_waiting() == 1);
    assert!(is_broken(&barrier.wait()));
    assert_eq!(joined(&party), 1);
}

fn a_party_too_many_waits_for_the_next_round() {
    let barrier = barrier(2).with_action(|| thread::sleep(LIMIT));
    let parties = [(); 4].map(|()| started(|| barrier.wait().map(drop)));
    assert!(parties.iter().all(|party| joined(party) == 0));
    assert_eq!(barrier.n_waiting(), 0);
}

fn a_signal_does_not_end_the_wait_at_a_barrier() {
    use nix::sys::signal::{SigHandler, Signal, kill};
    extern "C" fn nothing(_: libc::c_int) {}
    let barrier = barrier(2);
    let waiter = started(|| {
        on_signal(Signal::SIGUSR1, SigHandler::Handler(nothing));
        barrier.wait().map(drop)
    });
    for _ in 0..3 {
        let pid = once_in(libc::SYS_futex_waitv, &waiter);
        let pid = nix::unistd::Pid::from_raw(pid);
        kill(pid, Signal::SIGUSR1).expect("it is there");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(barrier.n_waiting(), 1);
    assert_eq!(barrier.wait().ok(), Some(1));
    assert_eq!(joined(&waiter), 0);
}

/// Three processes with three threads each.
fn threads_and_processes_meet_at_a_barrier() {
    let barrier = barrier(9);
    let turns = RawArray::<u32>::zeroed(9).expect("there is memory");
    let party = || {
        for turn in 0..50 {
            let index = barrier.wait().expect("nobody breaks it");
            turns.set(index, turn).expect("in range");
            barrier.wait().expect("nobody breaks it");
            assert_eq!(turns.slice(..).expect("in range"), [turn; 9]);
        }
    };
    let parties = [(); 3].map(|()| {
        started(|| {
            thread::scope(|scope| {
                let others = [(); 2].map(|()| scope.spawn(party));
                party();
                for other in others {
                    other.join().expect("it does not panic");
                }
            });
        })
    });
    assert!(parties.iter().all(|party| joined(party) == 0));
}

fn more_parties_meet_than_can_be_watched_at_once() {
    const PARTIES: usize = 300;
    let barrier = barrier(PARTIES);
    let exitcode = in_child(|| {
        thread::scope(|scope| {
            for _ in 0..PARTIES {
                scope.spawn(|| {
                    for _ in 0..3 {
                        barrier.wait().expect("nobody breaks it");
                    }
                });
            }
        });
    });
    assert_eq!(exitcode, 0);
    assert_eq!(barrier.n_waiting(), 0);
}

fn nobody_is_a_step_ahead_however_they_meet() {
    const PARTIES: usize = 4;
    const TURNS: u32 = 400;
    let mut random = StdRng::seed_from_u64(seed());
    let steps = RawArray::<u32>::zeroed(PARTIES).expect("there is memory");
    let runs = RawValue::new(0).expect("there is memory");
    let (all, count) = (steps.clone(), runs.clone());
    let barrier = barrier(PARTIES).with_action(move || {
        count.set(count.get() + 1);
        // All have come, and nobody has gone on.
        let steps = all.slice(..).expect("in range");
        assert_eq!(steps, [count.get(); PARTIES]);
    });
    let parties = [0, 1, 2, 3].map(|which| {
        let mut random = StdRng::seed_from_u64(random.random());
        let (barrier, steps, runs) = (&barrier, &steps, &runs);
        started(move || {
            for turn in 1..=TURNS {
                dawdle(&mut random);
                steps.set(which, turn)?;
                match random.random_range(0..2) {
                    0 => barrier.wait()?,
                    _ => barrier.wait_timeout(SOON)?,
                };
                assert_eq!(runs.get(), turn);
            }
            Ok::<_, Error>(())
        })
    });
    assert!(parties.iter().all(|party| joined(party) == 0));
    assert_eq!(runs.get(), TURNS);
}

fn limits_that_pass_at_any_moment_let_all_pass_or_none() {
    const PARTIES: usize = 3;
    let mut random = StdRng::seed_from_u64(seed());
    let (meeting, barrier) = (barrier(PARTIES), barrier(PARTIES));
    let outcomes = RawArray::<u8>::zeroed(PARTIES).expect("there is memory");
    let parties = [(); PARTIES].map(|()| {
        let mut random = StdRng::seed_from_u64(random.random());
        let (meeting, barrier, outcomes) = (&meeting, &barrier, &outcomes);
        started(move || {
            for _ in 0..500 {
                let index = meeting.wait()?;
                // The others come about when its limit passes.
                let moment = Duration::from_micros(random.random_range(0..200));
                let outcome = if index == 0 {
                    barrier.wait_timeout(moment)
                } else {
                    let start = Instant::now();
                    while start.elapsed() < moment {}
                    barrier.wait_timeout(SOON)
                };
                outcomes.set(index, outcome.is_ok().into())?;
                assert!(outcome.is_ok() || is_broken(&outcome));
                meeting.wait()?;
                let outcomes = outcomes.slice(..)?;
                let passed = !barrier.broken();
                assert_eq!(outcomes, [u8::from(passed); PARTIES]);
                if meeting.wait()? == 0 {
                    barrier.reset()?;
                }
            }
            Ok::<_, Error>(())
        })
    });
    assert!(parties.iter().all(|party| joined(party) == 0));
}

/// Parties come and come, also after the barrier has broken; in the end all
/// come to it that are left.
fn resets_and_aborts_at_any_moment_leave_nobody_behind() {
    const PARTIES: usize = 4;
    let mut random = StdRng::seed_from_u64(seed());
    let barrier = barrier(PARTIES);
    let ended = RawValue::new(0).expect("there is memory");
    let parties = [(); PARTIES].map(|()| {
        let mut random = StdRng::seed_from_u64(random.random());
        let (barrier, ended) = (&barrier, &ended);
        started(move || {
            let mut passes = 0;
            while ended.get() == 0 {
                dawdle(&mut random);
                match barrier.wait() {
                    Ok(_) => passes += 1,
                    broken => assert!(is_broken(&broken)),
                }
            }
            assert!(passes > 0, "it has never passed");
            Ok::<_, Error>(())
        })
    });
    for _ in 0..400 {
        dawdle(&mut random);
        match random.random_range(0..3) {
            0 => barrier.abort().expect("nothing can go wrong"),
            1 => barrier.reset().expect("nothing can go wrong"),
            _ => {
                barrier.abort().expect("nothing can go wrong");
                dawdle(&mut random);
                barrier.reset().expect("nothing can go wrong");
            }
        }
        if random.random_range(0..20) == 0 {
            barrier.reset().expect("nothing can go wrong");
            thread::sleep(Duration::from_millis(2));
        }
    }
    ended.set(1);
    barrier.abort().expect("nothing can go wrong");
    assert!(parties.iter().all(|party| joined(party) == 0));
    assert_eq!(barrier.n_waiting(), 0);
    barrier.reset().expect("nothing can go wrong");
    let parties =
        [(); PARTIES - 1].map(|()| started(|| barrier.wait().map(drop)));
    barrier.wait().expect("it is as new");
    assert!(parties.iter().all(|party| joined(party) == 0));
}
