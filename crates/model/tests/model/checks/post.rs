//! A place for messages: each is taken by the one, or taken back by the other,
//! and nobody sleeps beside one.

use std::sync::Arc;

use super::{bytes_of, message_of};
use crate::explorer::explore;
use crate::ghost::Ghost;
use crate::post::{Post, Taken};
use crate::process::{Process, start, until_quiet};
use crate::sys::region::InRegion;

#[derive(Clone)]
struct Place(Arc<InRegion<Post>>);

impl Place {
    fn new() -> Self {
        Self(Arc::new(InRegion::new().expect("memory")))
    }

    /// Puts a message; tells where it lies.
    fn put(&self, message: u32) -> u32 {
        let at = self.0.put(&bytes_of(message));
        let _ = self.0.wake();
        at.expect("there is room")
    }

    fn take(&self) -> u32 {
        let mut bytes = Vec::new();
        loop {
            match self.0.take_next(&mut bytes) {
                Some(taken) => break assert!(taken == Taken::Here),
                None => self.0.sleep(),
            }
        }
        message_of(&bytes)
    }

    /// Puts 1, and then 2 and 3 together.
    fn putter(&self) -> Process<()> {
        let place = self.clone();
        start(move || {
            place.put(1);
            let mut batch = place.0.begin();
            for message in 2..4 {
                let at = place.0.write(&bytes_of(message), &mut batch);
                assert!(at.is_some(), "there is room");
            }
            place.0.show(&batch);
            let _ = place.0.wake();
        })
    }

    /// Takes whatever comes, for ever.
    fn taker(&self) -> (Process<()>, Ghost<Vec<u32>>) {
        let (place, got) = (self.clone(), Ghost::<Vec<u32>>::new());
        let note = got.clone();
        let process = start(move || {
            loop {
                let message = place.take();
                note.change(|it| it.push(message));
            }
        });
        (process, got)
    }
}

#[test]
fn messages_come_in_their_order() {
    explore(|| {
        let place = Place::new();
        let (taker, got) = place.taker();
        let putter = place.putter();
        until_quiet();
        assert!(putter.is_gone());
        assert_eq!(got.look(Vec::clone), [1, 2, 3]);
        taker.end();
    });
}

#[test]
fn all_that_lie_here_are_taken_together() {
    explore(|| {
        let (place, got) = (Place::new(), Ghost::<Vec<u32>>::new());
        let (office, note) = (place.clone(), got.clone());
        let taker = start(move || {
            loop {
                office.0.take_all(|it| {
                    let message = message_of(it);
                    note.change(|it| it.push(message));
                });
                office.0.sleep();
            }
        });
        let putter = place.putter();
        until_quiet();
        assert!(putter.is_gone());
        assert_eq!(got.look(Vec::clone), [1, 2, 3]);
        taker.end();
    });
}

#[test]
fn what_is_taken_back_is_not_taken() {
    explore(|| {
        let place = Place::new();
        let (taker, got) = place.taker();
        let kept = Ghost::<u32>::new();
        let note = kept.clone();
        let putter = start(move || {
            let lies = [1, 2, 3].map(|message| place.put(message));
            let back = place.0.take_back(2);
            let left = lies.len() - back;
            if let Some(first) = lies.get(left) {
                place.0.take_back_to(*first);
            }
            note.change(|it| *it = u32::try_from(left).expect("few"));
            place.put(4);
            place.put(5);
        });
        until_quiet();
        assert!(putter.is_gone());
        let kept: Vec<_> = (1..=kept.look(|it| *it)).chain([4, 5]).collect();
        assert_eq!(got.look(Vec::clone), kept);
        taker.end();
    });
}

#[test]
fn who_sleeps_is_woken_after_one_was_taken_back() {
    explore(|| {
        let place = Place::new();
        let (taker, got) = place.taker();
        let kept = Ghost::<Vec<u32>>::new();
        let note = kept.clone();
        let putter = start(move || {
            let at = place.put(1);
            if place.0.take_back(1) > 0 {
                place.0.take_back_to(at);
            } else {
                note.change(|it| it.push(1));
            }
            place.put(2);
        });
        until_quiet();
        assert!(putter.is_gone());
        let kept = [kept.look(Vec::clone), vec![2]].concat();
        assert_eq!(got.look(Vec::clone), kept);
        taker.end();
    });
}

#[test]
fn a_killed_taker_has_begun_one_that_is_not_done_at_most() {
    explore(|| {
        let place = Place::new();
        let (victim, got) = place.taker();
        let putter = place.putter();
        victim.killed();
        until_quiet();
        assert!(putter.is_gone());
        let (begun, done) = (3 - place.0.count(), got.look(Vec::clone));
        assert!(done == [1, 2, 3][..done.len()]);
        assert!([done.len(), done.len() + 1].contains(&begun));
        assert!(victim.is_gone() || done.len() == 3);
        victim.end();
    });
}
