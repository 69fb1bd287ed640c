//! What holes, keys, counts and rules mean, one sentence each.

use contract::{Contract, Ending, Kind, Run, Verdict};

/// The kind of the first violation, and its row.
fn judge(source: &str, output: &[&str]) -> Option<(Kind, Option<usize>)> {
    let contract = Contract::parse(source, "test.contract")
        .unwrap_or_else(|faults| panic!("{}", faults[0]));
    let run = Run::saved(&output.join("\n"), Ending::Exited(0));
    match contract.judge(&run) {
        Verdict::Kept(_) => None,
        Verdict::Broken(violation) => Some((violation.kind(), violation.row())),
    }
}

fn assert_kept(source: &str, output: &[&str]) {
    assert_eq!(judge(source, output), None, "{output:?}");
}

fn assert_broken(source: &str, output: &[&str], kind: Kind, row: usize) {
    let row = (row > 0).then_some(row);
    assert_eq!(judge(source, output), Some((kind, row)), "{output:?}");
}

#[test]
fn braces_are_printed_when_doubled() {
    assert_kept("main:\n  | {{{n:int}}} # | {{}}\n", &["{5} # | {}"]);
}

#[test]
fn an_untyped_hole_is_some_text_and_a_nameless_one_any() {
    assert_kept("main:\n  | <{a}> <{_}> <{b:text}>\n", &["<x y> <> <>"]);
    assert_broken("main:\n  | <{a}>\n", &["<>"], Kind::Unknown, 1);
}

#[test]
fn a_text_takes_as_little_as_it_can_and_a_word_as_much() {
    let source = "main:\n  | <{a}-{b}>\n  | b={b}\n";
    assert_kept(source, &["<x-y-z>", "b=y-z"]);
    let source = "main:\n  | <{a:word}-{b}>\n  | b={b}\n";
    assert_kept(source, &["<x-y-z>", "b=z"]);
}

#[test]
fn a_hole_twice_in_a_line_has_one_value() {
    let source = "main:\n  | {n:int} * {n:int}\n";
    assert_kept(source, &["3 * 3"]);
    assert_broken(source, &["3 * 4"], Kind::Value, 1);
}

#[test]
fn a_hole_keeps_its_value_in_single_lines_of_an_instance() {
    let source = "w(i=0 1):\n  | {i} takes {n:int}\n  | {i} gave {n:int}\n";
    let good = ["0 takes 5", "1 takes 6", "1 gave 6", "0 gave 5"];
    assert_kept(source, &good);
    let bad = ["0 takes 5", "1 takes 6", "1 gave 5"];
    assert_broken(source, &bad, Kind::Value, 3);
    let source = "main:\n  | n is {n:int}\n  ×2 | saw {n:int}\n";
    assert_kept(source, &["n is 5", "saw 6", "saw 7"]);
}

#[test]
fn a_counter_counts_for_each_combination_of_the_other_holes() {
    let source = "main:\n  * | {who=Tom Jerry} {i=3..}\n";
    assert_kept(source, &["Tom 3", "Jerry 3", "Tom 4", "Tom 5"]);
    assert_broken(source, &["Tom 3", "Jerry 4"], Kind::Value, 2);
    assert_broken(source, &["Tom 2"], Kind::Value, 1);
}

#[test]
fn pids_of_one_name_are_one_process_and_others_are_others() {
    let source = "a:\n  ×2 | a {p:pid}\nb:\n  | b {p:pid}\n  | c {q:pid}\n";
    assert_kept(source, &["a 7", "b 7", "a 7", "c 8"]);
    assert_broken(source, &["a 7", "a 8"], Kind::Value, 2);
    assert_broken(source, &["a 7", "b 8"], Kind::Value, 2);
    assert_broken(source, &["a 7", "b 7", "c 7"], Kind::Value, 3);
}

#[test]
fn each_instance_has_its_own_pid() {
    let source = "\
start(i=0..1):
  | {i} has pid {p:pid}
run(i=0..1):
  | {i} is {p:pid}
";
    assert_kept(source, &["0 has pid 7", "1 is 8", "1 has pid 8", "0 is 7"]);
    let bad = ["0 has pid 7", "1 is 7"];
    assert_broken(source, &bad, Kind::Value, 2);
}

#[test]
fn a_pid_hole_named_like_a_key_is_one_of_its_values() {
    let source = "main:\n  ×2 | joined {p:pid}\nw ×2 (p:pid):\n  | {p} runs\n";
    let good = ["8 runs", "7 runs", "joined 7", "joined 8"];
    assert_kept(source, &good);
}

#[test]
fn several_closed_keys_are_a_product() {
    let source = "w(i=0..1, who=Tom Jerry):\n  | {who} {i}\n";
    let all = ["Tom 0", "Jerry 0", "Jerry 1", "Tom 1"];
    assert_kept(source, &all);
    assert_broken(source, &all[1..], Kind::Missing, 0);
}

#[test]
fn an_open_key_takes_as_many_values_as_are_told() {
    let lines = ["a runs", "b runs", "c runs"];
    for (header, least, most) in [
        ("w ×2 (n:word):", 2, 2),
        ("w(n:word):", 1, 3),
        ("w (n):", 1, 3),
    ] {
        let source = format!("{header}\n  | {{n}} runs\n");
        for count in 0..=3 {
            let kept = judge(&source, &lines[..count]).is_none();
            assert_eq!(kept, (least..=most).contains(&count), "{header}");
        }
    }
}

#[test]
fn counts_have_a_least_and_a_most() {
    let counts = [
        ("", 1, 1),
        ("×2", 2, 2),
        ("×1..2", 1, 2),
        ("×0..3", 0, 3),
        ("*", 0, 9),
        ("+", 1, 9),
        ("?", 0, 1),
    ];
    for (count, least, most) in counts {
        let source = format!("main:\n  {count} | tick\n  end | end\n");
        for n in 0..5 {
            let output = [vec!["tick"; n], vec!["end"]].concat();
            let kept = judge(&source, &output).is_none();
            assert_eq!(kept, (least..=most).contains(&n), "{count} {n}");
        }
    }
}

#[test]
fn no_line_comes_after_a_later_one() {
    let source = "main:\n  * | tick\n  end ? | end\n";
    assert_kept(source, &["tick", "tick", "end"]);
    assert_broken(source, &["tick", "end", "tick"], Kind::Order, 3);
}

#[test]
fn one_text_may_stand_at_several_places() {
    let source = "main:\n  | --\n  | a\n  ×2 | --\n  | b\n  | --\n";
    assert_kept(source, &["--", "a", "--", "--", "b", "--"]);
    assert_broken(source, &["--", "--"], Kind::Order, 2);
    assert_broken(source, &["--", "a", "--", "b"], Kind::Order, 4);
    let more = ["--", "a", "--", "--", "b", "--", "--"];
    assert_broken(source, &more, Kind::Order, 7);
}

#[test]
fn before_means_none_after_any() {
    let source = "a:\n  x ×2 | x\nb:\n  y ×2 | y\nx before y # join\n";
    assert_kept(source, &["x", "x", "y", "y"]);
    assert_broken(source, &["x", "y", "x", "y"], Kind::Rule, 3);
}

#[test]
fn the_first_line_that_had_to_wait_is_told() {
    let source = "a:\n  x ×2 | x\nb:\n  y ×2 | y\nx before y # join\n";
    let contract = Contract::parse(source, "test").expect("it is right");
    let run = Run::saved("y\ny\nx\n", Ending::Exited(0));
    let Verdict::Broken(violation) = contract.judge(&run) else {
        panic!("it is illegal");
    };
    let told = violation.to_string();
    assert!(told.contains("row 1: this line had to wait"), "{told}");
}

#[test]
fn per_holds_for_each_value() {
    let source = "\
a:
  sent ×2 | sent {i=0..}
b(i=0..1):
  got | got {i}
per i: sent before got # send -> recv
";
    assert_kept(source, &["sent 0", "got 0", "sent 1", "got 1"]);
    let bad = ["sent 0", "got 1", "got 0", "sent 1"];
    assert_broken(source, &bad, Kind::Rule, 4);
}

#[test]
fn per_finally_looks_at_values_that_never_came() {
    let source = "\
main:
  eat * | {who=Tom Jerry} eats
per who: finally eat == 2 # two each
";
    let four = ["Tom eats"; 2].iter().chain(&["Jerry eats"; 2]).copied();
    assert_kept(source, &four.collect::<Vec<_>>());
    assert_broken(source, &["Tom eats", "Tom eats"], Kind::Rule, 0);
}

#[test]
fn sums_have_factors_and_both_signs() {
    let source = "\
main:
  a * | a
  b * | b
always 2 a - b <= 5 - b - 1 # two at most
finally -a + 3 <= 2 + b # one at least
";
    assert_kept(source, &["a", "a", "b"]);
    assert_kept(source, &["b"]);
    assert_broken(source, &["a", "a", "a"], Kind::Rule, 3);
    assert_broken(source, &[], Kind::Rule, 0);
}

#[test]
fn usually_never_fails_in_either_order_of_its_words() {
    let source = "\
a(i=0..1):
  x | x {i}
b(i=0..1):
  y | y {i}
per i: usually x before y # likely
usually per i: y before x # unlikely
usually always x <= 1 # neither
";
    let contract = Contract::parse(source, "test").expect("it is right");
    let run = Run::saved("x 0\ny 0\nx 1\ny 1\n", Ending::Exited(0));
    let Verdict::Kept(report) = contract.judge(&run) else {
        panic!("it is legal");
    };
    let held: Vec<bool> = report.usually.iter().map(|it| it.held).collect();
    assert_eq!(held, [true, false, false]);
}

#[test]
fn an_item_of_a_permutation_may_have_blanks_in_quotes() {
    let source = "main:\n  | {{{_:perm(\"0: 'a'\" \"1: 'b'\" end)}}}\n";
    assert_kept(source, &["{1: 'b', end, 0: 'a'}"]);
    assert_broken(source, &["{1: 'b', 0: 'a'}"], Kind::Unknown, 1);
    assert_broken(source, &["{1: 'a', end, 0: 'b'}"], Kind::Unknown, 1);
}
