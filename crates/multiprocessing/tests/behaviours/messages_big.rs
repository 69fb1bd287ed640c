//! Messages of 16 MiB, through everything that takes messages.

use multiprocessing::{Error, Manager, Pipe, Pool, Queue};

use crate::harness::{Test, list};
use crate::mounts::{self, tmpfs};
use crate::support::{in_child, joined, started};

pub(crate) const TESTS: &[Test] = list![
    through_a_pipe,
    through_a_pool,
    through_a_manager,
    through_a_queue_with_room_for_one unless mounts::lacks,
];

const ROUNDS: u8 = 3;

/// None is like another one, and a piece out of place would show: it repeats
/// itself after a prime number of bytes.
fn message(number: u8) -> String {
    const LEN: usize = 16 << 20;
    let words = (0..).map(|place| format!("{number} at {place}, "));
    let mut period: String = words.take(100).collect();
    period.truncate(1009);
    period.repeat(LEN / 1009 + 1)
}

#[track_caller]
fn is_message(text: &str, number: u8) {
    // An assert_eq would print them.
    assert!(text == message(number), "{number}");
}

fn through_a_pipe() {
    let (mine, theirs) = Pipe::duplex().expect("there is room");
    let echo = started(move || {
        for _ in 0..ROUNDS {
            let text: String = theirs.recv().expect("it comes");
            theirs.send(&text).expect("it is read");
        }
    });
    for number in 0..ROUNDS {
        mine.send(&message(number)).expect("it is read");
        is_message(&mine.recv::<String>().expect("it comes"), number);
    }
    assert_eq!(joined(&echo), 0);
}

fn next(mut text: String) -> String {
    text.push('!');
    text
}

fn through_a_pool() {
    let pool = Pool::new(2).expect("there is room");
    let results = pool.imap(next, (0..ROUNDS).map(message));
    for (number, text) in (0..).zip(results.expect("the pool is open")) {
        let text = text.expect("it is done");
        is_message(text.strip_suffix('!').expect("it was made"), number);
    }
}

fn through_a_manager() {
    let manager = Manager::new().expect("there is room");
    let queue = manager.queue(1).expect("it serves");
    let child = started(|| {
        for number in 0..ROUNDS {
            queue.put(message(number)).expect("it serves");
        }
    });
    for number in 0..ROUNDS {
        let text: String = queue.get().expect("it serves");
        is_message(&text, number);
    }
    assert_eq!(joined(&child), 0);
}

fn through_a_queue_with_room_for_one() {
    let exitcode = in_child(|| {
        tmpfs("/dev/shm", "size=24m");
        let queue = Queue::unbounded().expect("there is room");
        for number in 0..ROUNDS {
            queue.put(message(number)).expect("there is room for it");
            let second = queue.put(message(number));
            let text = second.expect_err("none for it").to_string();
            assert!(text.contains("/dev/shm"), "{text}");
            is_message(&queue.get().expect("it is there"), number);
        }
        let none = queue.try_get();
        assert!(matches!(none, Err(Error::Empty)), "it is drained");
    });
    assert_eq!(exitcode, 0);
}
