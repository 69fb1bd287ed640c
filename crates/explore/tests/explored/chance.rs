//! Chance is the seed's, and nothing else differs from run to run.

use std::collections::HashSet;
use std::thread;

use crate::harness::{Test, list};
use crate::support::{fair, lines, program, run_well};

pub(crate) const TESTS: &[Test] = list![
    random_numbers_are_those_of_the_seed,
    the_order_of_a_set_is_that_of_the_seed,
    memory_lies_at_the_same_addresses,
    all_processors_are_told,
];
pub(crate) const PROGRAMS: &[Test] =
    list![random_numbers, order_of_a_set, addresses, processors];

fn random_numbers() {
    for _ in 0..3 {
        println!("{}", rand::random::<u64>());
    }
}

fn order_of_a_set() {
    let set: HashSet<u32> = (0..20).collect();
    println!("{set:?}");
}

/// Asserts that a program prints the same for the same seed only.
#[track_caller]
fn assert_is_of_the_seed(name: &str) {
    let program = program(name, &[]);
    let of = |seed| lines(&run_well(&program, &fair(seed)));
    let first = of(1);
    assert_eq!(of(1), first);
    for seed in 2..5 {
        assert_ne!(of(seed), first);
    }
}

fn random_numbers_are_those_of_the_seed() {
    assert_is_of_the_seed("random_numbers");
}

fn the_order_of_a_set_is_that_of_the_seed() {
    assert_is_of_the_seed("order_of_a_set");
}

fn addresses() {
    let (local, boxed) = (0, Box::new(0));
    println!("{:p} {:p} {:p}", &raw const local, boxed, addresses as fn());
    let thread = thread::spawn(|| {
        let (local, boxed) = (0, Box::new(0));
        println!("{:p} {boxed:p}", &raw const local);
    });
    thread.join().expect("it does not panic");
}

fn memory_lies_at_the_same_addresses() {
    let program = program("addresses", &[]);
    let of = |seed| lines(&run_well(&program, &fair(seed)));
    let first = of(0);
    for seed in 0..5 {
        assert_eq!(of(seed), first);
    }
}

fn processors() {
    println!("{}", thread::available_parallelism().expect("it is known"));
}

fn all_processors_are_told() {
    let here = thread::available_parallelism().expect("it is known");
    let trace = run_well(&program("processors", &[]), &fair(1));
    assert_eq!(lines(&trace), [here.to_string()]);
}
