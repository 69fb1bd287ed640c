//! The bell: who sleeps beside it has seen all that there was to see, whoever was
//! killed meanwhile.

use std::sync::Arc;

use super::{bytes_of, message_of};
use crate::bell::{Bell, Until};
use crate::explorer::explore;
use crate::ghost::Ghost;
use crate::post::Post;
use crate::process::{Process, start, until_quiet};
use crate::sys::region::InRegion;

/// What a worker's orders and answers lie in.
type Places = [InRegion<Post>; 2];

#[derive(Clone)]
struct Office {
    bell: Arc<InRegion<Bell>>,
    seats: Arc<[Places; 2]>,
}

impl Office {
    fn new() -> Self {
        let place = || InRegion::new().expect("memory");
        Self {
            bell: Arc::new(InRegion::new().expect("memory")),
            seats: Arc::new([(); 2].map(|()| [place(), place()])),
        }
    }

    /// Shows these orders to the worker of that seat at once.
    fn order(&self, seat: usize, orders: &[u32]) {
        let [place, _] = &self.seats[seat];
        let mut batch = place.begin();
        for order in orders {
            let at = place.write(&bytes_of(*order), &mut batch);
            assert!(at.is_some(), "there is room");
        }
        place.show(&batch);
    }

    /// Answers the orders that are there, and ends.
    fn worker(&self, seat: usize) -> Process<()> {
        let office = self.clone();
        start(move || {
            let [orders, answers] = &office.seats[seat];
            let mut order = Vec::new();
            while orders.take_next(&mut order).is_some() {
                assert!(answers.put(&order).is_some(), "there is room");
                office.bell.ring(|| orders.is_half_empty());
            }
        })
    }

    /// Takes answers until there are so many.
    fn waiter(&self, until: Until, count: usize) -> Process<Vec<u32>> {
        let office = self.clone();
        start(move || {
            let mut come = Vec::new();
            loop {
                office.bell.mark(until);
                for [_, answers] in office.seats.iter() {
                    answers.take_all(|it| come.push(message_of(it)));
                }
                if come.len() == count {
                    office.bell.remove_mark();
                    come.sort_unstable();
                    return come;
                }
                office.bell.sleep(until, None);
            }
        })
    }
}

#[test]
fn who_sleeps_until_the_next_answer_sees_all() {
    explore(|| {
        let office = Office::new();
        office.order(0, &[1, 2]);
        office.order(1, &[3]);
        let waiter = office.waiter(Until::Next, 3);
        let workers = [0, 1].map(|seat| office.worker(seat));
        until_quiet();
        assert!(workers.iter().all(Process::is_gone));
        assert!(waiter.is_gone(), "he sleeps beside an answer");
        assert_eq!(waiter.join(), Some(vec![1, 2, 3]));
    });
}

#[test]
fn who_sleeps_until_it_is_pressing_sees_the_last() {
    explore(|| {
        let office = Office::new();
        office.order(0, &[1, 2, 3]);
        let waiter = office.waiter(Until::Pressing, 3);
        let worker = office.worker(0);
        until_quiet();
        assert!(worker.is_gone());
        assert!(waiter.is_gone(), "he sleeps beside an answer");
        assert_eq!(waiter.join(), Some(vec![1, 2, 3]));
    });
}

#[test]
fn who_was_not_alone_is_rung_for_the_next() {
    explore(|| {
        let office = Office::new();
        office.order(0, &[1]);
        let (more, waiter) = (Ghost::<bool>::new(), {
            let office = office.clone();
            start(move || {
                let [_, answers] = &office.seats[0];
                let mut come = 0;
                while come == 0 {
                    office.bell.mark(Until::Pressing);
                    let mut until = Until::Pressing;
                    if office.seats[0][0].count() + come > 1 {
                        until = Until::Next;
                        office.bell.mark(until);
                    }
                    answers.take_all(|_| come += 1);
                    if come == 0 {
                        office.bell.sleep(until, None);
                    }
                }
            })
        });
        let submitter = {
            let (office, more) = (office.clone(), more.clone());
            start(move || {
                office.order(0, &[2, 3, 4, 5]);
                more.change(|it| *it = true);
                office.bell.ring(|| true);
            })
        };
        // It answers the first one only: the next takes for ever.
        let worker = {
            let office = office.clone();
            start(move || {
                let [orders, answers] = &office.seats[0];
                let mut order = Vec::new();
                assert!(orders.take_next(&mut order).is_some());
                assert!(answers.put(&order).is_some(), "there is room");
                office.bell.ring(|| orders.is_half_empty());
            })
        };
        until_quiet();
        assert!(worker.is_gone() && submitter.is_gone());
        assert!(more.look(|it| *it));
        assert!(waiter.is_gone(), "he sleeps beside an answer");
    });
}

#[test]
fn who_takes_orders_back_rings_for_what_was_left_to_a_later_answer() {
    explore(|| {
        let office = Office::new();
        office.order(0, &[1, 2, 3]);
        let waiter = office.waiter(Until::Pressing, 3);
        let worker = office.worker(0);
        let other = {
            let office = office.clone();
            start(move || {
                let [orders, answers] = &office.seats[0];
                if orders.take_back(2) > 0 && answers.count() > 0 {
                    office.bell.ring(|| true);
                }
            })
        };
        until_quiet();
        assert!(worker.is_gone() && other.is_gone());
        let [_, answers] = &office.seats[0];
        assert!(
            waiter.is_gone() || answers.count() == 0,
            "he sleeps beside an answer"
        );
        waiter.end();
    });
}

#[test]
fn a_killed_worker_leaves_the_bell_to_the_other() {
    explore(|| {
        let office = Office::new();
        office.order(0, &[1]);
        office.order(1, &[2]);
        let victim = office.worker(0);
        let waiter = office.waiter(Until::Next, 2);
        let other = office.worker(1);
        victim.killed();
        until_quiet();
        assert!(victim.is_gone() && other.is_gone());
        // He has seen the other's answer: what still lies there is the victim's,
        // of whose death he would be told.
        let [theirs, its] = [0, 1].map(|it| office.seats[it][1].count());
        assert!(waiter.is_gone() || its == 0, "{theirs} {its}");
        waiter.end();
    });
}
