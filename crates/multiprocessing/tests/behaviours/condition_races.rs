//! Conditions whose waiters and notifiers meet in ever other orders.

use std::thread;
use std::time::Duration;

use multiprocessing::{Error, Process, RawValue};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::condition::{Sleepers, condition, under};
use crate::harness::{Test, list};
use crate::support::{SOON, dawdle, eventually, joined, seed, started};
use crate::waiting::{once_in, sent_on, stopped};

pub(crate) const TESTS: &[Test] = list![
    each_notification_wakes_exactly_one_however_they_meet,
    nothing_is_lost_between_producers_and_consumers,
    a_slow_waiter_keeps_its_notification_however_many_follow,
];

/// Waiters come again and again while notifications go out for one or more
/// of those who wait: so many wake, neither more nor fewer.
fn each_notification_wakes_exactly_one_however_they_meet() {
    const ROUNDS: u32 = 400;
    let mut random = StdRng::seed_from_u64(seed());
    let condition = condition();
    let zero = || RawValue::new(0_u64).expect("there is memory");
    // Changed under the lock alone.
    let (waiting, woken, ended) = (zero(), zero(), zero());
    let waiters = [(); 5].map(|()| {
        let mut random = StdRng::seed_from_u64(random.random());
        let (condition, waiting) = (&condition, &waiting);
        let (woken, ended) = (&woken, &ended);
        started(move || {
            while ended.get() == 0 {
                dawdle(&mut random);
                let _guard = condition.guard()?;
                waiting.set(waiting.get() + 1);
                if random.random_range(0..4) > 0 {
                    condition.wait()?;
                    woken.set(woken.get() + 1);
                } else {
                    let limit = random.random_range(0..200);
                    let limit = Duration::from_micros(limit);
                    if condition.wait_timeout(limit)? {
                        woken.set(woken.get() + 1);
                    } else {
                        waiting.set(waiting.get() - 1);
                    }
                }
            }
            Ok::<_, Error>(())
        })
    });
    let mut notified = 0;
    for _ in 0..ROUNDS {
        dawdle(&mut random);
        let n = random.random_range(0..4);
        under(&condition, || {
            // Those whose time is over count as waiting until they have the
            // lock, and may take a notification as well.
            let so_many = u64::from(n).min(waiting.get());
            waiting.set(waiting.get() - so_many);
            notified += so_many;
            match n {
                1 => condition.notify(),
                n => condition.notify_n(n),
            }
        });
        if random.random_range(0..3) == 0 {
            eventually(SOON, || {
                under(&condition, || Ok(woken.get())) == notified
            });
        }
    }
    eventually(SOON, || under(&condition, || Ok(woken.get())) == notified);
    thread::sleep(Duration::from_millis(30));
    assert_eq!(woken.get(), notified);
    ended.set(1);
    let all_ended = || {
        under(&condition, || condition.notify_all());
        let ended =
            |waiter: &Process<'_>| waiter.is_alive().ok() == Some(false);
        waiters.iter().all(ended)
    };
    eventually(SOON, all_ended);
    assert!(waiters.iter().all(|waiter| joined(waiter) == 0));
}

/// The classic use: every wait asks again, and a notify wakes one.
fn nothing_is_lost_between_producers_and_consumers() {
    const ITEMS: u32 = 400;
    let mut random = StdRng::seed_from_u64(seed());
    let condition = condition();
    let zero = || RawValue::new(0_u32).expect("there is memory");
    let (stock, eaten) = (zero(), zero());
    let (condition, stock, eaten) = (&condition, &stock, &eaten);
    let mut start = |consumes: bool| {
        let mut random = StdRng::seed_from_u64(random.random());
        started(move || {
            for _ in 0..ITEMS {
                dawdle(&mut random);
                let _guard = condition.guard()?;
                if consumes {
                    condition.wait_for(|| stock.get() > 0)?;
                    stock.set(stock.get() - 1);
                    eaten.set(eaten.get() + 1);
                } else {
                    stock.set(stock.get() + 1);
                    condition.notify()?;
                }
            }
            Ok::<_, Error>(())
        })
    };
    let children = [true, false, true, false, true, false].map(&mut start);
    assert!(children.iter().all(|child| joined(child) == 0));
    assert_eq!((stock.get(), eaten.get()), (0, 3 * ITEMS));
}

fn a_slow_waiter_keeps_its_notification_however_many_follow() {
    const OTHERS: u32 = 200;
    let sleepers = Sleepers::new();
    let slow = started(|| sleepers.sleep(None).map(drop));
    sleepers.once_asleep(1);
    once_in(libc::SYS_futex, &slow);
    let pid = stopped(&slow);
    sleepers.notify(1);
    let quick = started(|| {
        (0..OTHERS).try_for_each(|_| sleepers.sleep(None).map(drop))
    });
    for _ in 0..OTHERS {
        sleepers.once_asleep(1);
        sleepers.notify(1);
    }
    assert_eq!(joined(&quick), 0);
    sent_on(pid);
    assert_eq!(joined(&slow), 0);
}
