//! How many outputs a contract allows, and which orders it leaves free.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use contract::{Contract, Count};

fn contract(source: &str) -> Contract {
    Contract::parse(source, "test.contract")
        .unwrap_or_else(|faults| panic!("{}", faults[0]))
}

fn assert_counts(source: &str, expected: u128) {
    let counted = contract(source).legal().outputs;
    assert_eq!(counted, Count::Exactly(expected), "{source}");
}

const JOINED: &str = "\
main:
  wait | wait joining...
  end  | 程序结束!
worker(i=0..4):
       | Worker: {i}
worker before end  # join
";

#[test]
fn all_orders_are_counted_that_no_rule_forbids() {
    assert_counts(JOINED, 720);
    assert_counts("main:\n  | one\n  | two\n", 1);
    assert_counts("main:\n  a ? | a\nfinally a == 2 # never\n", 0);
}

#[test]
fn closed_values_and_permutations_are_different_outputs() {
    assert_counts("main:\n  | {v=a b} {_=c d}\n", 4);
    assert_counts("main:\n  | {v=a b} {v=b c}\n", 1);
    assert_counts("main:\n  | [{order:perm(1 8 27)}]\n", 6);
    assert_counts("main:\n  | [{_:perm(1 1 2)}]\n", 3);
    assert_counts("main:\n  | {v=a b}\n  | and {v=b c}\n", 1);
    assert_counts("main:\n  | {o:perm(a b)}\n  | and {o:perm(a b)}\n", 2);
    assert_counts("main:\n  | {p:pid} {f:float} {n} {_}\n", 1);
}

#[test]
fn instances_of_open_keys_differ_by_their_first_lines_only() {
    let two = "w ×2 (p:pid):\n  b | {p} begins\n  e | {p} ends\n";
    assert_counts(two, 3);
    // Each group has a line of its own, so only the program order is left.
    let own = format!("{two}per p: always 2 e <= b + 1 # no more than that\n");
    assert_counts(&own, 3);
    let one = format!("{two}always b <= e + 1 # one at a time\n");
    assert_counts(&one, 1);
}

#[test]
fn a_rule_may_ask_for_each_value_of_a_counter() {
    let source = "\
a:
  sent ×2 | sent {i=0..}
b:
  got ×2  | got {i=0..}
";
    assert_counts(source, 6);
    let rule = "per i: sent before got # send -> recv\n";
    assert_counts(&format!("{source}{rule}"), 2);
    let source = "\
a:
  put ×0..2 | put {i=0..}
b(i=0 1):
  got ?     | got {i}
per i: always got <= put # put -> get
";
    assert_counts(source, 10);
}

#[test]
fn ways_of_different_length_may_meet() {
    assert_counts("main:\n  ×0..2 | a\n  | b\n", 3);
}

#[test]
fn a_count_without_end_needs_a_rule_that_bounds_it() {
    let source = "main:\n  tick * | tick\n  tock + | tock\n";
    let Count::Unbounded(line) = contract(source).legal().outputs else {
        panic!("as many ticks as one likes");
    };
    assert_eq!(line.text, "tick * | tick");
    let rules = "finally tick + 2 tock <= 4 # bounds both\n";
    assert_counts(&format!("{source}{rules}"), 4);
    let rules = "always tick <= 2 # a bound\nfinally tock == tick # another\n";
    assert_counts(&format!("{source}{rules}"), 2);
    let open = contract("w(p:pid):\n  | {p}\n").legal().outputs;
    assert!(matches!(open, Count::Unbounded(_)), "{open}");
}

#[test]
fn what_cannot_be_counted_says_why() {
    let cases = [
        (
            "main:\n  a * | a {n:int}\n  b | b {n:int}\n\
             per n: a before b # why\n",
            "`per n: a before b` asks for each value of an open `n`",
        ),
        (
            "w(p:pid):\n  a | {p}\nfinally a <= 3 # three\n",
            "no `×` tells how many instances w has",
        ),
        (
            "main:\n  a | {_=a ab}{_=b bb}\n",
            "`a` of main can be split between its holes in several ways",
        ),
    ];
    for (source, reason) in cases {
        let counted = contract(source).legal().outputs;
        assert_eq!(counted, Count::Uncounted(reason.into()));
    }
}

#[test]
fn a_number_too_large_is_told_as_a_bound() {
    let actors = (0..9).map(|actor| {
        let items = "{_:perm(1 2 3 4 5 6 7 8 9 10)}";
        format!("a{actor}:\n  | {actor} {items}\n")
    });
    let counted = contract(&actors.collect::<String>()).legal().outputs;
    assert_eq!(counted, Count::MoreThan(u128::MAX));
}

fn free(source: &str) -> Vec<String> {
    let orders = contract(source).legal().free;
    orders.iter().map(ToString::to_string).collect()
}

#[test]
fn an_order_is_free_if_its_opposite_is_legal_too() {
    let both = [
        "`main: wait joining...` before `worker: Worker: {i}`",
        "`worker: Worker: {i}` before `main: wait joining...`",
    ];
    assert_eq!(free(JOINED), both);
    assert!(free("main:\n  | one\n  | two\n").is_empty());
}

#[test]
fn lines_of_two_instances_of_one_actor_may_change_places() {
    let source = "w(i=0 1):\n  in | {i} in\n  out | {i} out\n";
    assert_eq!(free(source).len(), 2);
    let barrier = format!("{source}in before out # all wait for all\n");
    assert!(free(&barrier).is_empty());
    let mutex = format!("{source}always in <= out + 1 # one at a time\n");
    assert_eq!(free(&mutex).len(), 2, "the next one is in after out");
}

#[test]
fn rules_about_sums_forbid_orders() {
    let source = "a:\n  put | put\nb:\n  got | got\n";
    assert_eq!(free(source).len(), 2);
    let bound = format!("{source}always got <= put # put -> get\n");
    assert!(free(&bound).is_empty());
}

#[test]
fn where_the_space_is_too_large_only_before_is_asked() {
    let source = "\
main:
  first  | first
  second | second
a:
  one * | one
b:
  two   | two
  three | three
second before one # an edge
always two <= one # another
two before first # a third
";
    let legal = contract(source).legal();
    assert!(!legal.exact, "one comes as often as it likes");
    let names = legal
        .free
        .iter()
        .map(|it| format!("{} {}", it.first.text, it.then.text));
    let expected = [
        "first three",
        "second three",
        "one three",
        "three first",
        "three second",
        "three one",
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

fn contracts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = paths
        .flat_map(|path| match path.is_dir() {
            true => contracts(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|it| it == "contract"))
        .collect();
    found.sort();
    found
}

/// Prints what each example's contract allows, and how long it took to find
/// out: `cargo test -p contract --release --test legal -- --ignored
/// --nocapture`.
#[test]
#[ignore = "a table to read"]
fn table_of_the_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let groups = fs::read_dir(&root).expect("the workspace");
    let groups = groups.map(|entry| entry.expect("an entry").path());
    let mut all: Vec<PathBuf> = groups
        .filter(|path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with("examples-")
        })
        .flat_map(|group| contracts(&group))
        .collect();
    all.sort();
    for path in all {
        let source = fs::read_to_string(&path).expect("it can be read");
        let contract = contract(&source);
        let start = Instant::now();
        let legal = contract.legal();
        let took = start.elapsed();
        let name = path.strip_prefix(&root).expect("it is in there").display();
        let (outputs, free) = (legal.outputs, legal.free.len());
        println!("{name:66} {outputs}, {free} free orders, in {took:.1?}");
        assert!(matches!(outputs, Count::Exactly(1..)), "{outputs}");
    }
}
