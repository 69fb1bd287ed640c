//! Clients and servers of managers that are killed at any moment.

use multiprocessing::{
    Error, ListProxy, Manager, Process, QueueProxy, RawValue, Result,
};
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::items::{Item, random_len};
use crate::pool_tasks::signal;
use crate::support::{
    SOON, eventually, joined, killed, kills, seed, spin, started,
};

pub(crate) const TESTS: &[Test] = list![
    clients_killed_at_any_moment_disturb_nobody,
    a_server_killed_at_any_moment_is_told_to_all_clients,
];

const KILLS: usize = 100;

/// What clients do: append numbers to a list, and pass items on.
struct Shared {
    list: ListProxy<(usize, usize)>,
    queue: QueueProxy<Item>,
}

impl Shared {
    fn new(manager: &Manager) -> Self {
        Self {
            list: manager.list().expect("the server answers"),
            queue: manager.queue(3).expect("the server answers"),
        }
    }

    /// Appends 0, 1, …; counts what has returned.
    fn append(&self, who: usize, done: &RawValue<usize>) -> Result<()> {
        for number in 0.. {
            self.list.append((who, number))?;
            done.set(number + 1);
        }
        Ok(())
    }

    /// Puts items 0, 1, … of random lengths; counts what has returned.
    fn put(
        &self,
        who: usize,
        mut random: StdRng,
        done: &RawValue<usize>,
    ) -> Result<()> {
        for number in 0.. {
            let len = random_len(&mut random);
            self.queue.put(Item::new(who, number, len))?;
            done.set(number + 1);
        }
        Ok(())
    }
}

fn zero() -> RawValue<usize> {
    RawValue::new(0).expect("there is memory")
}

/// All that a client was told of is there, and one more at most.
#[track_caller]
fn are_all_there(numbers: &[usize], told: usize) {
    let count = numbers.len();
    assert!(numbers.iter().copied().eq(0..count), "{numbers:?}");
    assert!(count == told || count == told + 1, "{count}, not {told}");
}

fn clients_killed_at_any_moment_disturb_nobody() {
    let mut random = StdRng::seed_from_u64(seed());
    let manager = Manager::new().expect("a server");
    for round in 0..kills(KILLS).div_ceil(2) {
        let shared = Shared::new(&manager);
        let (appended, put) = (zero(), zero());
        let one = started(|| shared.append(round, &appended));
        let other = {
            let random = StdRng::seed_from_u64(random.random());
            started(|| shared.put(round, random, &put))
        };
        let take = || {
            let mut numbers = Vec::new();
            while let Ok(item) = shared.queue.try_get() {
                item.check();
                assert_eq!(item.producer, round);
                numbers.push(item.number);
            }
            numbers
        };
        let mut taken = Vec::new();
        eventually(SOON, || {
            taken.extend(take());
            appended.get() > 2 && put.get() > 5
        });
        spin(&mut random, 50_000);
        killed(&one);
        killed(&other);
        // A request that was sent whole may still be carried out.
        let settled = || shared.list.len().ok() >= Some(appended.get());
        eventually(SOON, settled);
        taken.extend(take());
        eventually(SOON, || {
            taken.extend(take());
            taken.len() >= put.get()
        });
        are_all_there(&taken, put.get());
        let list = shared.list.to_vec().expect("the server answers");
        assert!(list.iter().all(|(who, _)| *who == round));
        let numbers: Vec<_> = list.iter().map(|(_, it)| *it).collect();
        are_all_there(&numbers, appended.get());
    }
}

fn a_server_killed_at_any_moment_is_told_to_all_clients() {
    const TOLD: i32 = 42;
    fn told(outcome: Result<()>) -> Result<i32> {
        match outcome {
            Err(Error::Disconnected) => Ok(TOLD),
            other => other.map(|()| 0),
        }
    }
    let mut random = StdRng::seed_from_u64(seed());
    for round in 0..kills(KILLS) {
        let manager = Manager::new().expect("a server");
        let shared = Shared::new(&manager);
        let (appended, put) = (zero(), zero());
        let its_random = StdRng::seed_from_u64(random.random());
        let clients: [Process<'_>; 3] = [
            started(|| told(shared.append(round, &appended))),
            started(|| told(shared.put(round, its_random, &put))),
            started(|| {
                told(loop {
                    match shared.queue.get() {
                        Ok(item) => item.check(),
                        Err(error) => break Err(error),
                    }
                })
            }),
        ];
        eventually(SOON, || appended.get() > 0 && put.get() > 0);
        spin(&mut random, 50_000);
        signal(manager.pid(), Signal::SIGKILL);
        assert_eq!(clients.each_ref().map(joined), [TOLD; 3]);
        assert!(matches!(shared.list.len(), Err(Error::Disconnected)));
    }
}
