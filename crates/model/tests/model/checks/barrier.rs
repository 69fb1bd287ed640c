//! `Barrier`: all pass or all are told, each has a number of its own, one acts;
//! and a party that dies while it waits is told to the others at once.

use super::LIMIT;
use crate::error::{Error, Result};
use crate::explorer::explore;
use crate::ghost::Ghost;
use crate::machine::death::Left;
use crate::process::{Process, start, until_quiet};
use crate::sync::{Barrier, Semaphore};

/// The first seat: lock, door and porter are made before it.
const FIRST_SEAT: usize = 3;

fn barrier(parties: usize) -> Barrier {
    Barrier::new(parties).expect("memory")
}

fn party(barrier: &Barrier) -> Process<Result<usize>> {
    let barrier = barrier.clone();
    start(move || barrier.wait())
}

/// What became of the parties, who are all to be gone: their numbers if all
/// have passed, none if all were told that the barrier is broken.
fn outcome<const N: usize>(
    parties: [Process<Result<usize>>; N],
) -> Option<Vec<usize>> {
    assert!(parties.iter().all(Process::is_gone), "one sleeps");
    let results = parties.map(|it| it.join().expect("it lives"));
    let mut numbers = Vec::new();
    for result in results {
        match result {
            Ok(number) => numbers.push(number),
            Err(Error::BrokenBarrier { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    numbers.sort_unstable();
    assert!(
        numbers.is_empty() || numbers.len() == N,
        "some have passed, some have not"
    );
    (numbers.len() == N).then_some(numbers)
}

/// Whether a party died in its seat, and the kernel told somebody.
fn died_seated(victim: &Process<Result<usize>>) -> bool {
    let seat = |left: &Left| left.mutex >= FIRST_SEAT && left.told;
    victim.left().iter().any(seat)
}

#[test]
fn all_pass_and_one_acts() {
    explore(|| {
        let acted = Ghost::<u32>::new();
        let barrier = {
            let acted = acted.clone();
            barrier(3).with_action(move || acted.change(|it| *it += 1))
        };
        let parties = [(); 3].map(|()| {
            let (barrier, acted) = (barrier.clone(), acted.clone());
            start(move || {
                let number = barrier.wait()?;
                assert_eq!(acted.look(|it| *it), 1, "passed before the action");
                Ok(number)
            })
        });
        until_quiet();
        assert_eq!(outcome(parties), Some(vec![0, 1, 2]));
    });
}

#[test]
fn nobody_is_a_step_ahead() {
    explore(|| {
        let barrier = barrier(2);
        let steps = Ghost::<Vec<i32>>::new();
        let parties = [(); 2].map(|()| {
            let (barrier, steps) = (barrier.clone(), steps.clone());
            start(move || {
                for step in 0..2 {
                    steps.change(|it| it.push(step));
                    barrier.wait()?;
                }
                Ok(0)
            })
        });
        until_quiet();
        assert!(outcome(parties).is_some());
        assert_eq!(steps.look(Clone::clone), [0, 0, 1, 1]);
    });
}

#[test]
fn a_death_in_a_seat_is_told_to_the_other() {
    death::<1>();
}

#[test]
fn a_death_in_a_seat_is_told_to_all_others() {
    death::<2>();
}

fn death<const OTHERS: usize>() {
    explore(|| {
        let barrier = barrier(OTHERS + 1);
        let others = [(); OTHERS].map(|()| party(&barrier));
        let victim = party(&barrier);
        victim.killed();
        until_quiet();
        if !died_seated(&victim) && !others[0].is_gone() {
            // It never came: who waits for it is to wait, and can be told.
            assert!(!others.iter().any(Process::is_gone));
            assert_eq!(barrier.n_waiting(), OTHERS);
            barrier.abort().expect("a sound lock");
            until_quiet();
        }
        outcome(others);
        barrier.reset().expect("a sound lock");
        let again = std::array::from_fn(|_| party(&barrier));
        let last = start(move || barrier.wait());
        until_quiet();
        assert!(outcome::<OTHERS>(again).is_some() && last.is_gone());
    });
}

#[test]
fn two_may_die() {
    explore(|| {
        let barrier = barrier(3);
        let [first, second, other] = [(); 3].map(|()| party(&barrier));
        first.killed();
        second.killed();
        until_quiet();
        if !died_seated(&first) && !died_seated(&second) && !other.is_gone() {
            barrier.abort().expect("a sound lock");
            until_quiet();
        }
        outcome([other]);
    });
}

#[test]
fn a_late_party_breaks_it_for_all_or_passes() {
    explore(|| {
        let barrier = barrier(2);
        let late = {
            let barrier = barrier.clone();
            start(move || barrier.wait_timeout(LIMIT))
        };
        let other = party(&barrier);
        late.late();
        until_quiet();
        outcome([late, other]);
    });
}

#[test]
fn abort_and_reset_are_for_all_who_wait() {
    for reset in [false, true] {
        explore(move || {
            let barrier = barrier(2);
            let first = party(&barrier);
            first.until_it_waits();
            let second = party(&barrier);
            match reset {
                true => barrier.reset(),
                false => barrier.abort(),
            }
            .expect("a sound lock");
            until_quiet();
            if reset && !second.is_gone() {
                // It came after the reset: one more makes two.
                let third = party(&barrier);
                until_quiet();
                assert!(outcome([first]).is_none());
                assert!(outcome([second, third]).is_some());
            } else {
                outcome([first, second]);
            }
        });
    }
}

#[test]
fn who_is_at_the_door_comes_in_when_all_have_left() {
    explore(|| {
        let barrier = barrier(1);
        let parties = [(); 3].map(|()| party(&barrier));
        until_quiet();
        assert_eq!(outcome(parties), Some(vec![0, 0, 0]));
    });
}

#[test]
fn a_death_on_the_way_out_holds_up_nobody_at_the_door() {
    explore(|| {
        let barrier = barrier(1);
        let [victim, others @ ..] = [(); 3].map(|()| party(&barrier));
        victim.killed();
        until_quiet();
        // If it dies in its seat before it passes, it breaks the barrier for
        // those who come then.
        let broken = barrier.broken();
        assert!(!broken || died_seated(&victim));
        for other in others {
            assert!(other.is_gone(), "it sleeps at the door");
            assert!(broken || matches!(other.join(), Some(Ok(0))));
        }
    });
}

/// A barrier whose one seat but the last is taken by a party that sleeps; the
/// party in the last seat acts for ever, and a third one sleeps at the door.
fn full_room() -> (Barrier, [Process<Result<usize>>; 3]) {
    let for_ever = Semaphore::new(0).expect("memory");
    let barrier = barrier(2)
        .with_action(move || for_ever.acquire().expect("a sound lock"));
    let parties = [(); 3].map(|()| {
        let party = party(&barrier);
        party.until_it_waits();
        party
    });
    (barrier, parties)
}

#[test]
fn if_all_in_the_room_die_the_one_at_the_door_is_told() {
    explore(|| {
        let (barrier, [seated, acting, at_the_door]) = full_room();
        seated.killed();
        acting.killed();
        until_quiet();
        assert!(barrier.broken());
        assert!(at_the_door.is_gone(), "it sleeps at the door");
    });
}

#[test]
fn who_is_killed_at_the_door_takes_no_wakeup_along() {
    explore(|| {
        let (_barrier, [seated, acting, at_the_door]) = full_room();
        // It lines up again, behind the one at the door.
        seated.interrupted();
        acting.killed();
        at_the_door.killed();
        until_quiet();
        assert!(seated.is_gone(), "it sleeps beside the dead");
    });
}
