//! Events: who waits for one goes on when it is set.

use std::thread;
use std::time::Duration;

use multiprocessing::{Event, RawValue, Semaphore};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::support::{
    SOON, at_least, dawdle, in_child, joined, on_signal, seed, started,
};
use crate::waiting::{once_in, sent_on, stopped};

pub(crate) const TESTS: &[Test] = list![
    b095_an_event_begins_unset_and_a_limit_is_waited_for,
    b096_who_waits_for_a_set_event_goes_on_at_once,
    b097_a_child_sets_the_event,
    b098_debug_tells_whether_it_is_set,
    all_who_wait_go_on,
    who_waits_goes_on_though_the_event_is_cleared_at_once,
    a_signal_does_not_end_the_wait_for_an_event,
    each_set_is_seen_by_all_who_wait,
];

const LIMIT: Duration = Duration::from_millis(60);

pub(crate) fn event() -> Event {
    Event::new().expect("there is memory for an event")
}

fn b095_an_event_begins_unset_and_a_limit_is_waited_for() {
    let event = event();
    assert!(!event.is_set());
    assert!(!event.wait_timeout(Duration::ZERO).expect("as it should"));
    let set = at_least(LIMIT, || event.wait_timeout(LIMIT));
    assert!(!set.expect("nothing can go wrong"));
    let exitcode = in_child(|| {
        assert!(!event.is_set());
        let set = at_least(LIMIT, || event.wait_timeout(LIMIT));
        assert!(!set.expect("nothing can go wrong"));
    });
    assert_eq!(exitcode, 0);
}

fn b096_who_waits_for_a_set_event_goes_on_at_once() {
    let event = event();
    for _ in 0..2 {
        event.set().expect("nothing can go wrong");
        assert!(event.is_set());
        event.wait().expect("it is set");
        for limit in [Duration::ZERO, LIMIT, Duration::MAX] {
            assert!(event.wait_timeout(limit).expect("it is set"));
        }
        assert!(event.is_set(), "to wait changes nothing");
    }
}

fn b097_a_child_sets_the_event() {
    let event = event();
    event.set().expect("nothing can go wrong");
    for _ in 0..2 {
        event.clear().expect("nothing can go wrong");
        assert!(!event.is_set());
    }
    let child = started(|| {
        thread::sleep(LIMIT);
        event.set()
    });
    event.wait().expect("nothing can go wrong");
    assert!(event.is_set());
    assert_eq!(joined(&child), 0);
}

fn b098_debug_tells_whether_it_is_set() {
    let event = event();
    assert_eq!(format!("{event:?}"), "Event(unset)");
    event.set().expect("nothing can go wrong");
    assert_eq!(format!("{event:?}"), "Event(set)");
    event.clear().expect("nothing can go wrong");
    assert_eq!(format!("{event:?}"), "Event(unset)");
}

/// Three processes with two threads each.
fn all_who_wait_go_on() {
    let event = event();
    let work = || {
        thread::scope(|scope| {
            let other = scope.spawn(|| event.wait_timeout(SOON));
            event.wait().expect("nothing can go wrong");
            let other = other.join().expect("it does not panic");
            assert!(other.expect("nothing can go wrong"));
        });
    };
    let children = [(); 3].map(|()| started(work));
    thread::sleep(LIMIT);
    event.set().expect("nothing can go wrong");
    assert!(children.iter().all(|child| joined(child) == 0));
}

fn who_waits_goes_on_though_the_event_is_cleared_at_once() {
    let event = event();
    let waiters = [(); 3].map(|()| started(|| event.wait()));
    for waiter in &waiters {
        once_in(libc::SYS_futex, waiter);
    }
    let slow = stopped(&waiters[0]);
    event.set().expect("nothing can go wrong");
    event.clear().expect("nothing can go wrong");
    sent_on(slow);
    assert!(waiters.iter().all(|waiter| joined(waiter) == 0));
    let late = event.wait_timeout(LIMIT);
    assert!(!late.expect("nothing can go wrong"), "it is over");
}

fn a_signal_does_not_end_the_wait_for_an_event() {
    use nix::sys::signal::{SigHandler, Signal, kill};
    extern "C" fn nothing(_: libc::c_int) {}
    let event = event();
    let waiter = started(|| {
        on_signal(Signal::SIGUSR1, SigHandler::Handler(nothing));
        event.wait()?;
        assert!(event.is_set());
        Ok::<_, multiprocessing::Error>(())
    });
    for _ in 0..3 {
        let pid = once_in(libc::SYS_futex, &waiter);
        let pid = nix::unistd::Pid::from_raw(pid);
        kill(pid, Signal::SIGUSR1).expect("it is there");
        thread::sleep(Duration::from_millis(5));
    }
    event.set().expect("nothing can go wrong");
    assert_eq!(joined(&waiter), 0);
}

/// Two events, in turn: in each round all go on, and nobody does before the
/// event is set, however early or late they come.
fn each_set_is_seen_by_all_who_wait() {
    const ROUNDS: u32 = 500;
    let mut random = StdRng::seed_from_u64(seed());
    let events = [event(), event()];
    let of = |round: u32| &events[usize::from(round % 2 == 1)];
    let begun = RawValue::new(0).expect("there is memory");
    let done = Semaphore::new(0).expect("there is memory");
    let waiters = [(); 4].map(|()| {
        let mut random = StdRng::seed_from_u64(random.random());
        let (begun, done) = (&begun, &done);
        started(move || {
            for round in 1..=ROUNDS {
                dawdle(&mut random);
                of(round).wait()?;
                assert!(begun.get() >= round, "it was not set yet");
                done.release()?;
            }
            Ok::<_, multiprocessing::Error>(())
        })
    });
    for round in 1..=ROUNDS {
        dawdle(&mut random);
        begun.set(round);
        of(round).set().expect("nothing can go wrong");
        for _ in &waiters {
            let one = done.acquire_timeout(SOON);
            assert!(one.expect("nothing can go wrong"), "in round {round}");
        }
        of(round).clear().expect("nothing can go wrong");
    }
    assert!(waiters.iter().all(|waiter| joined(waiter) == 0));
}
