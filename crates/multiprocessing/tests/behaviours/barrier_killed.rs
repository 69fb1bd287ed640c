//! Parties of a barrier that are killed.

use std::time::Duration;
use std::{process, thread};

use multiprocessing::{Barrier, Error, Process, RawValue, Result};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::barrier::{barrier, is_broken};
use crate::harness::{Test, list};
use crate::support::{
    SOON, eventually, joined, killed, seed, sleep_for_ever, spin, started,
    victim,
};
use crate::waiting::{is_in, once_in, stopped};

pub(crate) const TESTS: &[Test] = list![
    a_party_killed_while_it_waits_breaks_the_barrier,
    a_party_that_dies_in_the_action_breaks_the_barrier,
    a_waiter_killed_during_the_action_breaks_the_barrier,
    if_all_in_the_room_are_killed_the_one_at_the_door_is_told,
    a_party_killed_while_it_leaves_lets_the_next_come,
    a_party_killed_before_it_has_a_seat_harms_nobody,
    many_parties_killed_at_once_break_the_barrier,
    a_party_killed_at_any_moment_is_told_or_did_not_come,
    a_party_killed_at_any_moment_of_many_rounds_leaves_nobody_behind,
    a_process_killed_while_it_aborts_has_aborted_or_not,
    a_death_is_told_where_the_kernel_cannot_sleep_on_many_words,
];

/// The exit code of a party that was told of a death.
const TOLD: i32 = 42;

/// A party that passes, or is told that process `dead` died.
fn outcome(barrier: &Barrier, dead: &RawValue<i32>) -> Result<i32> {
    match barrier.wait() {
        Err(Error::BrokenBarrier { reason }) => {
            let died = format!("process {} died", dead.get());
            assert!(reason.starts_with(&died), "{reason}");
            Ok(TOLD)
        }
        other => other.map(|_| 0),
    }
}

fn nobody() -> RawValue<i32> {
    RawValue::new(0).expect("there is memory")
}

fn pid_of(child: &Process<'_>) -> i32 {
    child.pid().ok().flatten().expect("it was started")
}

fn a_party_killed_while_it_waits_breaks_the_barrier() {
    let (barrier, dead) = (barrier(4), nobody());
    let party = || started(|| outcome(&barrier, &dead));
    for victim in 0..3 {
        let parties = [(); 3].map(|()| party());
        for waiter in &parties {
            once_in(libc::SYS_futex_waitv, waiter);
        }
        dead.set(pid_of(&parties[victim]));
        killed(&parties[victim]);
        // Those who wait are told, though nobody comes.
        let codes = parties.each_ref().map(joined);
        assert!((0..3).all(|it| it == victim || codes[it] == TOLD));
        // So is who comes.
        assert!(barrier.broken());
        assert_eq!(joined(&party()), TOLD);
        barrier.reset().expect("nothing can go wrong");
        assert!(!barrier.broken());
    }
    let parties = [(); 4].map(|()| party());
    assert_eq!(parties.each_ref().map(joined), [0; 4]);
}

fn a_party_that_dies_in_the_action_breaks_the_barrier() {
    let (barrier, dead) = (barrier(3), nobody());
    for ends in [sleep_for_ever, || process::exit(3), || process::abort()] {
        let acting = nobody();
        let (tell, dies) = (acting.clone(), dead.clone());
        let barrier = barrier.clone().with_action(move || {
            // Before it does, so that all who are told know it.
            dies.set(process::id().cast_signed());
            tell.set(1);
            ends();
        });
        let party = || started(|| outcome(&barrier, &dead));
        let waiters = [(); 2].map(|()| party());
        eventually(SOON, || barrier.n_waiting() == 2);
        let last = Process::new(|| outcome(&barrier, &dead));
        last.start().expect("it can be started");
        eventually(SOON, || acting.get() == 1);
        last.kill().expect("it may have ended");
        assert_eq!(waiters.each_ref().map(joined), [TOLD; 2]);
        joined(&last);
        assert!(barrier.broken());
        barrier.reset().expect("nothing can go wrong");
    }
    let parties = [(); 3].map(|()| started(|| outcome(&barrier, &dead)));
    assert_eq!(parties.each_ref().map(joined), [0; 3]);
}

/// Nobody else is there who could see it: it is seen when the action is over.
fn a_waiter_killed_during_the_action_breaks_the_barrier() {
    let (barrier, dead) = (barrier(2), nobody());
    let (acting, go_on) = (nobody(), nobody());
    let (tell, wait) = (acting.clone(), go_on.clone());
    let barrier = barrier.with_action(move || {
        tell.set(1);
        eventually(SOON, || wait.get() == 1);
    });
    let party = || started(|| outcome(&barrier, &dead));
    let waiter = party();
    eventually(SOON, || barrier.n_waiting() == 1);
    let actor = party();
    eventually(SOON, || acting.get() == 1);
    dead.set(pid_of(&waiter));
    killed(&waiter);
    go_on.set(1);
    assert_eq!(joined(&actor), TOLD);
}

/// The room is full while the last one acts, and nobody in it is left to tell
/// of a death.
fn if_all_in_the_room_are_killed_the_one_at_the_door_is_told() {
    for parties in 1..=3 {
        let acting = nobody();
        let tell = acting.clone();
        let barrier = barrier(parties).with_action(move || {
            tell.set(1);
            sleep_for_ever();
        });
        let party = || started(|| i32::from(is_broken(&barrier.wait())));
        let room: Vec<_> = (0..parties).map(|_| party()).collect();
        eventually(SOON, || acting.get() == 1);
        let next = party();
        once_in(libc::SYS_futex_waitv, &next);
        // None of them is to act when another one dies.
        for party in &room {
            stopped(party);
        }
        for party in &room {
            killed(party);
        }
        assert_eq!(joined(&next), 1);
    }
}

/// One that was let pass is slow to leave. Who comes waits for it, and goes on
/// when it is killed; also if the first of those who come is killed just when
/// it has been woken.
fn a_party_killed_while_it_leaves_lets_the_next_come() {
    for first_dies in [false, true] {
        let barrier = barrier(2);
        let party = || started(|| barrier.wait().map(drop));
        let leaver = party();
        once_in(libc::SYS_futex_waitv, &leaver);
        stopped(&leaver);
        assert_eq!(barrier.wait().ok(), Some(1));
        let next = [party(), party()];
        // One looks at the seats, the other one waits for the door.
        let first = usize::from(once_at_the_seats(&next));
        once_in(libc::SYS_futex, &next[1 - first]);
        if first_dies {
            stopped(&next[first]);
        }
        killed(&leaver);
        if first_dies {
            killed(&next[first]);
            eventually(SOON, || barrier.n_waiting() == 1);
            assert_eq!(barrier.wait().ok(), Some(1));
            assert_eq!(joined(&next[1 - first]), 0);
        } else {
            assert_eq!(next.each_ref().map(joined), [0, 0]);
        }
        assert!(!barrier.broken());
    }
}

/// Whether the second of two parties is the one that looks at the seats.
fn once_at_the_seats(parties: &[Process<'_>; 2]) -> bool {
    let looks = |it| is_in(libc::SYS_futex_waitv, pid_of(it));
    eventually(SOON, || parties.iter().any(looks));
    looks(&parties[1])
}

/// While the action runs, others wait for the next round.
fn a_party_killed_before_it_has_a_seat_harms_nobody() {
    for victim in 0..3 {
        let go_on = nobody();
        let wait = go_on.clone();
        let barrier = barrier(2).with_action(move || {
            eventually(SOON, || wait.get() == 1);
        });
        let party = || started(|| barrier.wait().map(drop));
        let first = [(); 2].map(|()| party());
        eventually(SOON, || barrier.n_waiting() == 2);
        // The first at the door sleeps on the seats.
        let calls = [libc::SYS_futex_waitv, libc::SYS_futex, libc::SYS_futex];
        let next = calls.map(|call| {
            let party = party();
            once_in(call, &party);
            party
        });
        killed(&next[victim]);
        go_on.set(1);
        assert_eq!(first.each_ref().map(joined), [0, 0]);
        let codes = next.each_ref().map(joined);
        assert!((0..3).all(|it| it == victim || codes[it] == 0));
        assert!(!barrier.broken());
    }
}

fn many_parties_killed_at_once_break_the_barrier() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..40 {
        let barrier = barrier(7);
        let party = || started(|| i32::from(is_broken(&barrier.wait())));
        let parties = [(); 6].map(|()| party());
        eventually(SOON, || barrier.n_waiting() == 6);
        let survivor = random.random_range(0..6);
        let victims = || (0..6).filter(|&it| it != survivor);
        for victim in victims() {
            spin(&mut random, 2_000);
            parties[victim].kill().expect("it can be killed");
        }
        // They are told of each other's death before their own, or not.
        let codes = parties.each_ref().map(joined);
        assert_eq!(codes[survivor], 1);
        assert!(victims().all(|it| [1, -9].contains(&codes[it])));
    }
}

/// Whether the victim had come is seen in the end: then its death is told.
/// Else two others are let pass with the one who waits.
fn a_party_killed_at_any_moment_is_told_or_did_not_come() {
    let mut random = StdRng::seed_from_u64(seed());
    let mut told = 0;
    for _ in 0..200 {
        let (barrier, dead) = (barrier(3), nobody());
        let party = || started(|| outcome(&barrier, &dead));
        let waiter = party();
        let victim = victim(&mut random, || barrier.wait().map(drop));
        dead.set(pid_of(&victim));
        killed(&victim);
        if barrier.broken() {
            told += 1;
            assert_eq!(joined(&waiter), TOLD);
            continue;
        }
        let others = [(); 2].map(|()| party());
        assert_eq!(others.each_ref().map(joined), [0, 0]);
        assert_eq!(joined(&waiter), 0);
    }
    eprintln!("told in {told} of 200 rounds");
}

fn a_party_killed_at_any_moment_of_many_rounds_leaves_nobody_behind() {
    const PARTIES: usize = 4;
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..100 {
        let barrier = barrier(PARTIES);
        let barrier = match random.random() {
            true => barrier.with_action(thread::yield_now),
            false => barrier,
        };
        let rounds = RawValue::new(0_u64).expect("there is memory");
        let parties = [(); PARTIES].map(|()| {
            started(|| {
                loop {
                    match barrier.wait() {
                        Ok(0) => rounds.set(rounds.get() + 1),
                        Ok(_) => {}
                        broken => return i32::from(is_broken(&broken)),
                    }
                }
            })
        });
        eventually(SOON, || rounds.get() > 2);
        spin(&mut random, 20_000);
        let victim = random.random_range(0..PARTIES);
        killed(&parties[victim]);
        // All others wait for it, if it died outside of `wait`.
        let is_over = || barrier.broken() || barrier.n_waiting() == PARTIES - 1;
        eventually(SOON, is_over);
        if !barrier.broken() {
            barrier.abort().expect("nothing can go wrong");
        }
        for (which, party) in parties.iter().enumerate() {
            assert_eq!(joined(party), if which == victim { -9 } else { 1 });
        }
        barrier.reset().expect("nothing can go wrong");
        let parties =
            [(); PARTIES].map(|()| started(|| barrier.wait().map(drop)));
        assert_eq!(parties.each_ref().map(joined), [0; PARTIES]);
    }
}

fn a_process_killed_while_it_aborts_has_aborted_or_not() {
    let mut random = StdRng::seed_from_u64(seed());
    let mut aborted = 0;
    for _ in 0..200 {
        let barrier = barrier(2);
        let waiter = started(|| i32::from(is_broken(&barrier.wait())));
        once_in(libc::SYS_futex_waitv, &waiter);
        let victim = victim(&mut random, || barrier.abort());
        victim.kill().expect("it can be killed");
        joined(&victim);
        if barrier.broken() {
            aborted += 1;
        } else {
            barrier.wait().expect("it is whole");
        }
        assert!(waiter.join_timeout(SOON).expect("it is ours"));
    }
    eprintln!("aborted in {aborted} of 200 rounds");
}

/// Before Linux 5.16, or in a sandbox, a waiter looks now and then.
fn a_death_is_told_where_the_kernel_cannot_sleep_on_many_words() {
    let (barrier, dead) = (barrier(3), nobody());
    let party = || {
        started(|| {
            forbid_waitv();
            outcome(&barrier, &dead)
        })
    };
    let (waiter, victim) = (party(), party());
    eventually(SOON, || barrier.n_waiting() == 2);
    let pid = once_in(libc::SYS_futex, &waiter);
    let mut asleep = 0;
    for _ in 0..20 {
        thread::sleep(Duration::from_millis(2));
        asleep += i32::from(is_in(libc::SYS_futex, pid));
    }
    assert!(asleep > 10, "it looks too often");
    dead.set(pid_of(&victim));
    killed(&victim);
    assert_eq!(joined(&waiter), TOLD);
    barrier.reset().expect("nothing can go wrong");
    let parties = [(); 3].map(|()| party());
    assert_eq!(parties.each_ref().map(joined), [0; 3]);
}

fn forbid_waitv() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    let errno = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let filter = SeccompFilter::new(
        [(libc::SYS_futex_waitv, Vec::new())].into(),
        SeccompAction::Allow,
        errno,
        std::env::consts::ARCH.try_into().expect("it is known"),
    );
    let filter: BpfProgram = filter
        .expect("it makes sense")
        .try_into()
        .expect("it is short");
    apply_filter(&filter).expect("a process may restrict itself");
}
