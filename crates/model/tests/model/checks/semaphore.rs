//! `Semaphore`: never more inside than its value; no unit is lost but with who
//! had it; nobody sleeps beside a free one.

use super::{LIMIT, end};
use crate::error::Error;
use crate::explorer::explore;
use crate::ghost::Ghost;
use crate::process::{Process, start, until_quiet};
use crate::sync::{BoundedSemaphore, Semaphore};

#[test]
fn it_admits_no_more_than_its_value() {
    explore(|| {
        let semaphore = Semaphore::new(2).expect("memory");
        let inside = Ghost::<u32>::new();
        let visitors = [(); 3].map(|()| {
            let (semaphore, inside) = (semaphore.clone(), inside.clone());
            start(move || {
                semaphore.acquire().expect("a sound lock");
                inside.change(|it| *it += 1);
                assert!(semaphore.value() <= 1, "one is inside");
                assert!(inside.look(|it| *it <= 2), "three are inside");
                inside.change(|it| *it -= 1);
                semaphore.release().expect("a sound lock");
            })
        });
        until_quiet();
        assert!(visitors.iter().all(Process::is_gone), "one sleeps");
        assert_eq!(semaphore.value(), 2);
    });
}

#[test]
fn a_killed_visitor_takes_no_more_than_its_unit() {
    explore(|| {
        let semaphore = Semaphore::new(1).expect("memory");
        let visitors = [(); 3].map(|()| {
            let semaphore = semaphore.clone();
            start(move || {
                semaphore.acquire().expect("a sound lock");
                semaphore.release().expect("a sound lock");
            })
        });
        visitors[0].killed();
        until_quiet();
        let asleep = visitors.iter().any(|it| !it.is_gone());
        let value = semaphore.value();
        assert!(value <= 1);
        assert!(!asleep || value == 0, "one sleeps beside a free unit");
        visitors.into_iter().for_each(end);
    });
}

#[test]
fn a_unit_goes_to_who_lives() {
    explore(|| {
        let semaphore = Semaphore::new(0).expect("memory");
        let visitors = [(); 2].map(|()| {
            let semaphore = semaphore.clone();
            start(move || semaphore.acquire().expect("a sound lock"))
        });
        let giver = {
            let semaphore = semaphore.clone();
            start(move || semaphore.release().expect("a sound lock"))
        };
        visitors[0].killed();
        until_quiet();
        assert!(giver.is_gone());
        let asleep = !visitors[1].is_gone();
        assert!(!asleep || semaphore.value() == 0, "it sleeps beside a unit");
        visitors.into_iter().for_each(end);
    });
}

#[test]
fn a_giver_is_killed_before_or_after() {
    explore(|| {
        let semaphore = Semaphore::new(0).expect("memory");
        let [visitor, giver] = [false, true].map(|gives| {
            let semaphore = semaphore.clone();
            start(move || match gives {
                true => semaphore.release().expect("a sound lock"),
                false => semaphore.acquire().expect("a sound lock"),
            })
        });
        giver.killed();
        until_quiet();
        assert_eq!(semaphore.value(), 0, "it sleeps beside a free unit");
        let has_one = visitor.is_gone();
        assert!(has_one || giver.join().is_none(), "the unit is lost");
        visitor.end();
    });
}

#[test]
fn who_is_late_takes_nothing() {
    explore(|| {
        let semaphore = Semaphore::new(0).expect("memory");
        let visitor = {
            let semaphore = semaphore.clone();
            start(move || semaphore.acquire_timeout(LIMIT))
        };
        let giver = {
            let semaphore = semaphore.clone();
            start(move || semaphore.release().expect("a sound lock"))
        };
        visitor.late();
        until_quiet();
        giver.join();
        let got = visitor.join().expect("it lives").expect("a sound lock");
        assert_eq!(semaphore.value() + u32::from(got), 1);
    });
}

#[test]
fn a_signal_ends_no_wait() {
    explore(|| {
        let semaphore = Semaphore::new(0).expect("memory");
        let begun = Ghost::<bool>::new();
        let visitor = {
            let (semaphore, begun) = (semaphore.clone(), begun.clone());
            start(move || {
                semaphore.acquire().expect("a sound lock");
                assert!(begun.look(|it| *it), "nobody gave it");
            })
        };
        visitor.interrupted();
        let giver = start(move || {
            begun.change(|it| *it = true);
            semaphore.release().expect("a sound lock");
        });
        until_quiet();
        assert!(visitor.is_gone() && giver.is_gone());
    });
}

#[test]
fn who_only_tries_takes_what_is_there() {
    explore(|| {
        let semaphore = Semaphore::new(1).expect("memory");
        let visitors = [(); 3].map(|()| {
            let semaphore = semaphore.clone();
            start(move || semaphore.try_acquire().expect("a sound lock"))
        });
        let got = visitors.map(|it| it.join().expect("it lives"));
        assert_eq!(got.iter().filter(|got| **got).count(), 1);
    });
}

#[test]
fn a_bounded_one_is_not_released_too_often() {
    explore(|| {
        let semaphore = BoundedSemaphore::new(1).expect("memory");
        semaphore.acquire().expect("a sound lock");
        given_twice(&semaphore);
    });
}

/// They give it back in another way then.
#[test]
fn nor_is_one_on_which_somebody_has_slept() {
    explore(|| {
        let semaphore = BoundedSemaphore::new(1).expect("memory");
        semaphore.acquire().expect("a sound lock");
        let late = {
            let semaphore = semaphore.clone();
            start(move || semaphore.acquire_timeout(LIMIT))
        };
        late.late();
        let got = late.join().expect("it lives").expect("a sound lock");
        assert!(!got, "nobody gave it");
        given_twice(&semaphore);
    });
}

/// One unit was taken, and two give it back.
fn given_twice(semaphore: &BoundedSemaphore) {
    let givers = [(); 2].map(|()| {
        let semaphore = semaphore.clone();
        start(move || semaphore.release())
    });
    let mut given = 0;
    for giver in givers {
        match giver.join().expect("it lives") {
            Ok(()) => given += 1,
            Err(Error::ReleasedTooOften { bound }) => assert_eq!(bound, 1),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((given, semaphore.value()), (1, 1));
}
