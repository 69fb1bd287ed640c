//! A place for messages, beside a queue that does the same.

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

use super::post::{MOST_MESSAGES, Post, Taken, WORDS};
use super::*;
use crate::words::WORD;

const BYTES: usize = WORDS * WORD;

fn random() -> StdRng {
    let seed = rand::rng().next_u64();
    println!("seed {seed}");
    StdRng::seed_from_u64(seed)
}

/// A message of some length, and where it lies.
type Put = (Vec<u8>, Option<u32>);

fn message(random: &mut StdRng) -> Vec<u8> {
    let most = [0, 8, 100, 2000, 10_000][random.random_range(0..5)];
    let mut message = vec![0; random.random_range(0..=most)];
    random.fill_bytes(&mut message);
    message
}

fn take_back(post: &Post, all: &mut VecDeque<Put>, most: usize) {
    // Where one is that does not lie here, no message may lie.
    let lie_here = all.iter().rev().take_while(|(_, at)| at.is_some());
    let most = most.min(lie_here.count());
    let back = post.take_back(most);
    assert_eq!(back, most);
    let back = all.split_off(all.len() - back);
    if let Some((_, Some(place))) = back.front() {
        post.take_back_to(*place);
    }
}

#[test]
fn messages_of_all_lengths_come_whole_and_in_their_order() -> Result<()> {
    let mut random = random();
    let seat = Seats::new(2)?.seat(1).expect("there are two");
    let (post, mut all) = (seat.orders(), VecDeque::<Put>::new());
    let mut taken = vec![1, 2, 3];
    for _ in 0..100_000 {
        assert_eq!(post.count(), all.len());
        match random.random_range(0..10) {
            0..4 if all.len() < MOST_MESSAGES => {
                let message = message(&mut random);
                let has_room = post.has_room(message.len());
                let place = post.put(&message);
                assert_eq!(place.is_some(), has_room);
                all.push_back((message, place));
            }
            9 => take_back(post, &mut all, random.random_range(0..3)),
            _ => match (post.take_next(&mut taken), all.pop_front()) {
                (None, None) => {}
                (Some(how), Some((message, place))) => {
                    assert_eq!(how == Taken::Here, place.is_some());
                    assert!(place.is_none() || taken == message);
                }
                _ => panic!("one has a message, and one has none"),
            },
        }
    }
    Ok(())
}

#[test]
fn an_empty_place_has_room_for_all_but_the_notes() -> Result<()> {
    let seat = Seats::new(1)?.seat(0).expect("there is one");
    let post = seat.orders();
    let longest = (0..BYTES).rev().find(|len| post.has_room(*len));
    assert_eq!(longest, Some(BYTES - (MOST_MESSAGES + 1) * WORD));
    Ok(())
}

/// The other process may be out of its mind.
#[test]
fn whatever_lies_there_nothing_worse_is_taken() -> Result<()> {
    let mut random = random();
    let seats = Seats::new(1)?;
    let seat = seats.seat(0).expect("there is one");
    let words = seats.region.row(0, start_of(1) / size_of::<u32>());
    let words: &[std::sync::atomic::AtomicU32] = words;
    let mut taken = Vec::new();
    for _ in 0..10_000 {
        for _ in 0..random.random_range(0..50) {
            let word = &words[random.random_range(0..words.len())];
            let bits = random.random_range(0..32);
            word.store(
                random.next_u32() >> bits,
                std::sync::atomic::Ordering::SeqCst,
            );
        }
        let post = [seat.orders(), seat.answers()][random.random_range(0..2)];
        match random.random_range(0..8) {
            0 => drop(post.put(&message(&mut random))),
            1 => {
                let mut batch = post.begin();
                for _ in 0..random.random_range(0..5) {
                    post.write(&message(&mut random), &mut batch);
                }
                post.show(&batch);
            }
            2 => post.take_all(|it| assert!(it.len() <= BYTES)),
            3 => drop(post.take_back(random.random_range(0..3))),
            4 => post.skip_all(),
            5 => post.note_taken(),
            6 => assert!(post.take().is_none_or(|it| it.len() <= BYTES)),
            _ => {
                post.take_next(&mut taken);
                assert!(taken.len() <= BYTES);
            }
        }
        let _ = (post.is_half_empty(), post.is_half_full());
    }
    Ok(())
}
