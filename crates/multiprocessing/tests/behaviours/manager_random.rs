//! Clients of a manager that are killed at any moment of what they do.

use std::thread;
use std::time::Duration;

use multiprocessing::{
    BarrierProxy, ConditionProxy, Error, EventProxy, LockProxy, Manager,
    QueueProxy, RLockProxy, Result, SemaphoreProxy,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::barrier::is_broken;
use crate::harness::{Test, list};
use crate::manager_sync::{manager, ok};
use crate::support::{dawdle, joined, killed, seed, started, victim};

pub(crate) const TESTS: &[Test] = list![
    locks_whose_waiters_are_killed_are_passed_on,
    events_and_barriers_whose_waiters_are_killed_let_the_others_go,
    conditions_whose_waiters_are_killed_notify_the_others,
    queues_whose_waiters_are_killed_serve_the_others,
    clients_killed_at_work_harm_nobody,
];

/// A victim and another one wait for the same; then the victim is killed, at
/// any moment of its wait, and `end` lets the other one go on.
fn each_time(
    begin: impl Fn() -> Result<()>,
    wait: impl Fn() -> Result<()>,
    end: impl Fn() -> Result<()>,
) -> Result<()> {
    let random = &mut StdRng::seed_from_u64(seed());
    for _ in 0..15 {
        begin()?;
        let other = started(&wait);
        let victim = victim(random, &wait);
        thread::sleep(Duration::from_micros(random.random_range(0..600)));
        killed(&victim);
        end()?;
        assert_eq!(joined(&other), 0);
    }
    Ok(())
}

fn locks_whose_waiters_are_killed_are_passed_on() {
    ok(|| {
        let manager = manager();
        let lock = manager.lock()?;
        let wait = || lock.guard().map(drop);
        each_time(|| lock.acquire(), wait, || lock.release())?;
        let lock = manager.rlock()?;
        let wait = || lock.guard().map(drop);
        each_time(|| lock.acquire(), wait, || lock.release())?;
        let units = manager.semaphore(0)?;
        each_time(|| Ok(()), || units.acquire(), || units.release())
    });
}

fn events_and_barriers_whose_waiters_are_killed_let_the_others_go() {
    ok(|| {
        let manager = manager();
        let event = manager.event()?;
        each_time(|| event.clear(), || event.wait(), || event.set())?;
        let barrier = manager.barrier(3)?;
        let wait = || {
            assert!(is_broken(&barrier.wait()));
            Ok(())
        };
        // If the victim had not come yet, somebody has to tell.
        let end = || match barrier.broken()? {
            true => Ok(()),
            false => barrier.abort(),
        };
        each_time(|| barrier.reset(), wait, end)
    });
}

fn conditions_whose_waiters_are_killed_notify_the_others() {
    ok(|| {
        let manager = manager();
        let (condition, state) = (manager.condition()?, manager.value(0)?);
        let set = |value| {
            again(|| {
                let _guard = condition.guard()?;
                state.set(value)?;
                condition.notify_all()
            })
        };
        let wait = || {
            again(|| {
                let _guard = condition.guard()?;
                condition.wait_for(|| state.get().is_ok_and(|it| it == 1))
            })
        };
        each_time(|| set(0), wait, || set(1))
    });
}

fn queues_whose_waiters_are_killed_serve_the_others() {
    ok(|| {
        let manager = manager();
        let queue = manager.queue(1)?;
        let wait = || queue.get().map(drop);
        each_time(|| Ok(()), wait, || queue.put(1))?;
        let begin = || {
            let _ = queue.try_get();
            queue.put(1)
        };
        each_time(begin, || queue.put(2), || queue.get().map(drop))?;
        let queue = manager.joinable_queue(0)?;
        each_time(|| queue.put(1), || queue.join(), || queue.task_done())
    });
}

/// Does it once more if somebody has died with the lock.
fn again<T>(action: impl Fn() -> Result<T>) -> Result<T> {
    loop {
        match action() {
            Err(Error::OwnerDied { .. }) => {}
            other => return other,
        }
    }
}

struct Workshop {
    lock: LockProxy,
    rlock: RLockProxy,
    condition: ConditionProxy,
    units: SemaphoreProxy,
    event: EventProxy,
    barrier: BarrierProxy,
    queue: QueueProxy<u32>,
    stop: EventProxy,
}

impl Workshop {
    fn new(manager: &Manager) -> Result<Self> {
        Ok(Self {
            lock: manager.lock()?,
            rlock: manager.rlock()?,
            condition: manager.condition()?,
            units: manager.semaphore(2)?,
            event: manager.event()?,
            barrier: manager.barrier(2)?,
            queue: manager.queue(2)?,
            stop: manager.event()?,
        })
    }

    /// Works until it is told to stop.
    fn work(&self, random: &mut StdRng) -> Result<()> {
        while !self.stop.is_set()? {
            let which = random.random_range(0..10);
            again(|| match self.task(which) {
                Err(Error::BrokenBarrier { .. }) => self.barrier.reset(),
                Err(Error::Full | Error::Empty) => Ok(()),
                other => other,
            })?;
            dawdle(random);
        }
        Ok(())
    }

    fn task(&self, which: u32) -> Result<()> {
        const SHORT: Duration = Duration::from_millis(2);
        match which {
            0 => drop(self.lock.guard()?),
            1 => drop((self.rlock.guard()?, self.rlock.guard()?)),
            2 => {
                let _guard = self.condition.guard()?;
                self.condition.notify()?;
                self.condition.wait_timeout(SHORT)?;
            }
            3 => {
                let _guard = self.condition.guard()?;
                self.condition.notify_all()?;
            }
            4 if self.units.acquire_timeout(SHORT)? => self.units.release()?,
            5 => {
                self.event.set()?;
                self.event.clear()?;
            }
            6 => drop(self.event.wait_timeout(SHORT)?),
            7 => drop(self.barrier.wait_timeout(SHORT)?),
            8 => self.queue.put_timeout(1, SHORT)?,
            _ => drop(self.queue.get_timeout(SHORT)?),
        }
        Ok(())
    }
}

fn clients_killed_at_work_harm_nobody() {
    let mut random = StdRng::seed_from_u64(seed());
    ok(|| {
        let manager = manager();
        for _ in 0..8 {
            let shop = Workshop::new(&manager)?;
            let worker = |number: u64| {
                let mut random = StdRng::seed_from_u64(seed() + number);
                let shop = &shop;
                started(move || shop.work(&mut random))
            };
            let workers = [1, 2, 3, 4, 5, 6].map(worker);
            for victim in &workers[..4] {
                thread::sleep(Duration::from_micros(
                    random.random_range(0..4_000),
                ));
                killed(victim);
            }
            shop.stop.set()?;
            assert_eq!((joined(&workers[4]), joined(&workers[5])), (0, 0));
            drop(again(|| shop.lock.guard())?);
            drop(again(|| shop.rlock.guard())?);
            drop(again(|| shop.condition.guard())?);
        }
        assert_eq!(manager.number_of_objects()?, 0);
        Ok(())
    });
}
