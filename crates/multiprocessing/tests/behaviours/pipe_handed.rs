//! Messages between two processes that both run: some are handed over in
//! memory, some go through the kernel, and all come in their order.

use std::time::Duration;

use multiprocessing::{Connection, Error, RawValue, Result};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::items::{Item, random_len};
use crate::pipe::{duplex, one_way};
use crate::support::{SOON, joined, killed, kills, seed, spin, started};

pub(crate) const TESTS: &[Test] = list![
    messages_of_all_lengths_go_there_and_back,
    two_senders_and_a_receiver_each_at_their_pace,
    senders_killed_at_any_moment_have_sent_whole_messages,
    receivers_killed_at_any_moment_take_one_message_along,
    an_end_travels_while_messages_come,
    the_last_message_comes_before_the_end,
];

const KILLS: usize = 100;
/// Some of a memory access or two, some of about as long as one looks.
const LONGEST: [u32; 3] = [10, 300, 4_000];

fn random(more: u64) -> StdRng {
    StdRng::seed_from_u64(seed().wrapping_add(more))
}

fn pause(random: &mut StdRng) {
    let longest = LONGEST[random.random_range(0..LONGEST.len())];
    spin(random, longest);
}

/// About as much as is handed over; of one packet, or of some.
fn len(random: &mut StdRng) -> usize {
    match random.random_range(0..6) {
        0 | 1 => random.random_range(0..40),
        2 | 3 => random.random_range(1_860..1_920),
        4 => random_len(random),
        _ => random.random_range(0..300_000),
    }
}

#[track_caller]
fn item_from(reader: &Connection) -> Result<Item> {
    let item: Item = reader.recv()?;
    item.check();
    Ok(item)
}

fn messages_of_all_lengths_go_there_and_back() {
    const ROUNDS: usize = 2_000;
    let (mine, theirs) = duplex();
    let child = started(move || {
        let mut random = random(1);
        for _ in 0..ROUNDS {
            let message = theirs.recv_bytes().expect("it comes");
            pause(&mut random);
            theirs.send_bytes(&message).expect("somebody waits");
        }
    });
    let mut random = random(0);
    for number in 0..ROUNDS {
        let item = Item::new(0, number, len(&mut random));
        mine.send(&item).expect("somebody receives");
        pause(&mut random);
        let back = item_from(&mine).expect("it comes back");
        assert_eq!(back.number, number);
    }
    assert_eq!(joined(&child), 0);
}

/// Sends items 0, 1, …, `count` of them; counts what has returned.
fn send(
    writer: &Connection,
    who: usize,
    count: usize,
    sent: &RawValue<usize>,
) -> Result<()> {
    let mut random = random(2 + who as u64);
    for number in 0..count {
        writer.send(&Item::new(who, number, len(&mut random)))?;
        sent.set(number + 1);
        pause(&mut random);
    }
    Ok(())
}

fn counter() -> RawValue<usize> {
    RawValue::new(0).expect("there is memory")
}

fn two_senders_and_a_receiver_each_at_their_pace() {
    const COUNT: usize = 2_000;
    let (reader, writer) = one_way();
    let senders = [0, 1].map(|who| {
        // Messages in one piece: two senders may send such at once.
        let writer = &writer;
        started(move || {
            let mut random = random(2 + who as u64);
            for number in 0..COUNT {
                let len = random.random_range(0..3_000);
                writer.send(&Item::new(who, number, len))?;
                pause(&mut random);
            }
            Ok::<_, Error>(())
        })
    });
    let (mut random, mut next) = (random(0), [0; 2]);
    while next != [COUNT; 2] {
        let item = item_from(&reader).expect("they send");
        assert_eq!(item.number, next[item.producer]);
        next[item.producer] += 1;
        pause(&mut random);
    }
    assert_eq!(senders.each_ref().map(joined), [0; 2]);
}

fn senders_killed_at_any_moment_have_sent_whole_messages() {
    let mut random = random(0);
    for who in 0..kills(KILLS) {
        let (reader, writer) = one_way();
        let sent = counter();
        let sender = started(|| send(&writer, who, usize::MAX, &sent));
        let (mut got, last) = (0, random.random_range(0..40));
        while got < last {
            let item = item_from(&reader).expect("it sends");
            assert_eq!((item.producer, item.number), (who, got));
            got += 1;
        }
        pause(&mut random);
        killed(&sender);
        // What it has sent comes, and what the next one sends.
        let end = started(|| writer.send(&Item::new(usize::MAX, 0, 5)));
        let torn = loop {
            match item_from(&reader) {
                Ok(item) if item.producer == usize::MAX => break false,
                Ok(item) => {
                    assert_eq!((item.producer, item.number), (who, got));
                    got += 1;
                }
                Err(Error::Disconnected) => break true,
                Err(error) => panic!("{error}"),
            }
        };
        assert!(torn || joined(&end) == 0);
        // Only one that was in the middle of a long one leaves it torn.
        assert!(torn || got >= sent.get() && got <= sent.get() + 1);
    }
}

fn receivers_killed_at_any_moment_take_one_message_along() {
    let mut random = random(0);
    for who in 0..kills(KILLS) {
        let (reader, writer) = one_way();
        let got = counter();
        let receiver = started(|| {
            let mut random = crate::pipe_handed::random(3);
            loop {
                let item = item_from(&reader).expect("somebody sends");
                assert_eq!(item.number, got.get());
                got.set(item.number + 1);
                pause(&mut random);
            }
        });
        let (count, killed_after) = (40, random.random_range(0..40));
        for number in 0..count {
            let len = random.random_range(0..3_000);
            writer
                .send(&Item::new(who, number, len))
                .expect("one reads");
            pause(&mut random);
            if number == killed_after {
                killed(&receiver);
            }
        }
        // It may have taken one that it had not counted.
        let mut next = got.get();
        while reader.poll(Duration::ZERO).expect("it can be asked") {
            let item = item_from(&reader).expect("it is there");
            let skipped = item.number - next;
            assert!(skipped == 0 || skipped == 1 && next == got.get());
            next = item.number + 1;
        }
        assert!(next == count || next + 1 == count && next == got.get());
    }
}

fn an_end_travels_while_messages_come() {
    const COUNT: usize = 200;
    let mut random = random(0);
    for who in 0..20 {
        let (reader, writer) = one_way();
        let (here, there) = duplex();
        let heir = started(move || {
            let (reader, count): (Connection, usize) =
                there.recv().expect("it travels");
            for _ in 0..count {
                let item = item_from(&reader).expect("one sends");
                there.send(&item.number).expect("one waits");
            }
        });
        let sent = counter();
        let sender = started(move || send(&writer, who, COUNT, &sent));
        let first = random.random_range(0..COUNT);
        for number in 0..first {
            let item = item_from(&reader).expect("it sends");
            assert_eq!(item.number, number);
        }
        here.send(&(&reader, COUNT - first)).expect("it is there");
        reader.close();
        for number in first..COUNT {
            assert!(here.poll(SOON).expect("it can be asked"));
            assert_eq!(here.recv::<usize>().expect("it was sent"), number);
        }
        assert_eq!([joined(&sender), joined(&heir)], [0; 2]);
    }
}

fn the_last_message_comes_before_the_end() {
    let mut random = random(0);
    for number in 0..200 {
        let (reader, writer) = one_way();
        let child = started(move || {
            writer.send(&Item::new(0, number, 5)).expect("one receives");
        });
        pause(&mut random);
        let item = item_from(&reader).expect("it was sent");
        assert_eq!(item.number, number);
        assert!(matches!(item_from(&reader), Err(Error::Disconnected)));
        assert_eq!(joined(&child), 0);
    }
}
