//! Those who are killed while they hold something, or wait.

use std::thread::sleep;
use std::time::Duration;

use multiprocessing::{
    Barrier, Condition, Error, Event, Lock, Queue, Result, Semaphore,
};

use crate::row::{Had, Row, kind, row};
use crate::support::{
    MOMENT, kill_child, started, tell, told, wait_to_be_killed,
};

pub(crate) const ROWS: &[Row] = &[
    row!(
        lock_owner_killed,
        "its owner is killed",
        "`Lock`",
        "Three processes wait for the lock when its owner gets SIGKILL; timed \
         until all of them have had it."
    ),
    row!(
        semaphore_holder_killed,
        "its holder is killed",
        "`Semaphore`",
        "Who had the only unit is killed, and the unit is lost: to whom it \
         belongs, no semaphore knows. Another process acquires it with a limit \
         of 100 ms."
    ),
    row!(
        condition_waiter_killed,
        "a waiter is killed",
        "`Condition`",
        "One of three waiters is killed; then all are notified, and the two \
         others have to wake."
    ),
    row!(
        event_waiter_killed,
        "a waiter is killed",
        "`Event`",
        "One of two waiters is killed; then the event is set, and the other \
         one has to wake."
    ),
    row!(
        barrier_party_killed,
        "a party is killed",
        "`Barrier`",
        "Two of three parties wait, and one of them is killed; the other one \
         would wait for it."
    ),
];

/// What as many survivors had as `told` has room for, in words.
fn summary(told: &Queue<String>, survivors: usize) -> Result<String> {
    let mut all = Vec::new();
    for _ in 0..survivors {
        all.push(told.get_timeout(Duration::from_secs(10))?);
    }
    let mut failed = all.iter().filter(|what| *what != "goes on");
    Ok(match (failed.next(), failed.count()) {
        (None, _) => "goes on".into(),
        (Some(what), more) if more + 1 == survivors => what.clone(),
        (Some(what), more) => {
            format!("{what} for {}, the others go on", more + 1)
        }
    })
}

/// As [`Had::after`], for several survivors.
fn after(fault: impl FnOnce(), told: &Queue<String>, survivors: usize) -> Had {
    let mut what = String::new();
    let had = Had::after(fault, || {
        what = summary(told, survivors)?;
        Ok(())
    });
    assert_eq!(had.what, "goes on", "a survivor hangs");
    Had { what, ..had }
}

fn lock_owner_killed() -> Result<Had> {
    let lock = Lock::new()?;
    owner_killed(|| lock.acquire(), || lock.release())
}

/// Three wait for a lock, whose owner is killed.
pub(crate) fn owner_killed(
    acquire: impl Fn() -> Result<()>,
    release: impl Fn() -> Result<()>,
) -> Result<Had> {
    let results = Queue::unbounded()?;
    let owner = started(|| {
        acquire().expect("it is free");
        wait_to_be_killed(0);
    });
    told(0);
    let waiters = [(); 3].map(|()| {
        started(|| {
            let first = acquire();
            if matches!(first, Err(Error::OwnerDied { .. })) {
                acquire().expect("it was told to one");
            }
            release().expect("it is ours");
            results.put(kind(&first)).expect("there is room");
        })
    });
    sleep(MOMENT);
    let had = after(|| kill_child(&owner), &results, 3);
    drop(waiters);
    Ok(had)
}

fn semaphore_holder_killed() -> Result<Had> {
    let semaphore = Semaphore::new(1)?;
    let holder = started(|| {
        semaphore.acquire().expect("it is free");
        wait_to_be_killed(0);
    });
    told(0);
    let limit = Duration::from_millis(100);
    let mut acquired = true;
    let had = Had::after(
        || kill_child(&holder),
        || {
            acquired = semaphore.acquire_timeout(limit)?;
            Ok(())
        },
    );
    assert!(!acquired, "nobody has given it back");
    Ok(Had {
        what: "not acquired, at the limit".into(),
        ..had
    })
}

fn condition_waiter_killed() -> Result<Had> {
    let condition = Condition::new()?;
    waiter_killed(
        |there| {
            let _guard = condition.guard()?;
            there();
            condition.wait()
        },
        || {
            let _guard = condition.guard()?;
            condition.notify_all()
        },
    )
}

/// One of three who wait is killed; then the others are notified. Who waits
/// calls what he is given when he is there.
pub(crate) fn waiter_killed(
    wait: impl Fn(&dyn Fn()) -> Result<()>,
    notify: impl Fn() -> Result<()>,
) -> Result<Had> {
    let results = Queue::unbounded()?;
    let waiters = [0, 1, 2].map(|place| {
        let (wait, results) = (&wait, &results);
        started(move || {
            let result = wait(&|| tell(place, 1));
            results.put(kind(&result)).expect("there is room");
        })
    });
    for place in 0..3 {
        told(place);
    }
    sleep(MOMENT);
    kill_child(&waiters[0]);
    let notify = || notify().expect("nobody died with the lock");
    let had = after(notify, &results, 2);
    drop(waiters);
    Ok(had)
}

fn event_waiter_killed() -> Result<Had> {
    let (event, results) = (Event::new()?, Queue::unbounded()?);
    let waiters = [0, 1].map(|place| {
        let (event, results) = (&event, &results);
        started(move || {
            tell(place, 1);
            let result = event.wait();
            results.put(kind(&result)).expect("there is room");
        })
    });
    for place in 0..2 {
        told(place);
    }
    sleep(MOMENT);
    kill_child(&waiters[0]);
    let set = || event.set().expect("nobody died with it");
    let had = after(set, &results, 1);
    drop(waiters);
    Ok(had)
}

fn barrier_party_killed() -> Result<Had> {
    let barrier = Barrier::new(3)?;
    party_killed(|| barrier.wait())
}

/// One of two of three parties is killed.
pub(crate) fn party_killed(wait: impl Fn() -> Result<usize>) -> Result<Had> {
    let results = Queue::unbounded()?;
    let parties = [0, 1].map(|place| {
        let (wait, results) = (&wait, &results);
        started(move || {
            tell(place, 1);
            let result = wait();
            results.put(kind(&result)).expect("there is room");
        })
    });
    for place in 0..2 {
        told(place);
    }
    sleep(MOMENT);
    let had = after(|| kill_child(&parties[0]), &results, 1);
    drop(parties);
    Ok(had)
}
