//! Random numbers, and the same again on request.

use std::cell::RefCell;

use rand::rngs::SysRng;
use rand::{RngExt, SeedableRng, TryRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const VARIABLE: &str = "LESSON_SEED";

thread_local! {
    /// The generator, and the process that made it: a forked child has its
    /// parent's in memory, and must not draw the same numbers.
    static GENERATOR: RefCell<Option<(u32, Xoshiro256PlusPlus)>> =
        const { RefCell::new(None) };
}

/// A whole number from `low` to `high`, both included. Python:
/// `random.randint`.
///
/// With `LESSON_SEED=n` each process and each thread draws the same numbers in
/// every run; which, depends on `n`, on its name, and, for a thread, on how
/// many were made before it.
///
/// # Panics
/// If `low` is greater than `high`.
#[must_use]
pub fn randint(low: u32, high: u32) -> u32 {
    draw(|generator| generator.random_range(low..=high))
}

/// A number from 0 up to 1, without the 1. Python: `random.random`.
///
/// With `LESSON_SEED=n` as [`randint`].
#[must_use]
pub fn random() -> f64 {
    draw(RngExt::random)
}

pub(crate) fn check() -> Result<(), String> {
    seed().map(drop)
}

fn draw<T>(number: impl FnOnce(&mut Xoshiro256PlusPlus) -> T) -> T {
    GENERATOR.with_borrow_mut(|generator| {
        let here = std::process::id();
        generator.take_if(|(made_by, _)| *made_by != here);
        let (_, generator) =
            generator.get_or_insert_with(|| (here, new_generator()));
        number(generator)
    })
}

fn new_generator() -> Xoshiro256PlusPlus {
    let seed = match seed() {
        Ok(Some(seed)) => own_seed(seed),
        _ => SysRng.try_next_u64().unwrap_or_default(),
    };
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// The seed, mixed with the name of the thread that draws, which the kernel
/// knows (a main thread's is its process's), and with its number in the
/// process. (The mixing is FNV-1a.)
fn own_seed(seed: u64) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let name = std::fs::read("/proc/thread-self/comm").unwrap_or_default();
    let number = format!("{:?}", std::thread::current().id());
    let bytes = name.iter().chain(number.as_bytes());
    bytes.fold(seed, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
    })
}

fn seed() -> Result<Option<u64>, String> {
    let Ok(text) = std::env::var(VARIABLE) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        format!("error: {VARIABLE} is '{text}': a whole number is wanted")
    })
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{own_seed, randint, random};

    #[test]
    fn a_thread_has_the_same_seed_again_and_others_have_others() {
        let here = own_seed(7);
        assert_eq!(own_seed(7), here);
        assert_ne!(own_seed(8), here);
        let there = thread::spawn(|| own_seed(7)).join().expect("no panic");
        assert_ne!(there, here);
    }

    #[test]
    fn both_ends_of_the_range_are_drawn_and_nothing_outside() {
        let drawn: Vec<_> = (0..1000).map(|_| randint(1, 3)).collect();
        assert!(drawn.iter().all(|number| (1..=3).contains(number)));
        assert!(drawn.contains(&1) && drawn.contains(&3));
    }

    #[test]
    fn a_random_number_is_not_negative_and_below_1() {
        let drawn: Vec<_> = (0..1000).map(|_| random()).collect();
        assert!(drawn.iter().all(|number| (0.0..1.0).contains(number)));
        assert!(drawn.windows(2).any(|pair| pair[0] < pair[1]));
    }
}
